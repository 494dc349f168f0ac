// Bind mounts: folders and files, recursive ones with their recursive options, propagation to and from the host.
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Mount } from '../../src/bundle/config.ts';
import { type Changes, withMounts } from '../bundle.ts';
import { waitUntil } from '../runtime.ts';
import { hostMounts, type MountLine, parseMountinfo, readText } from './host.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('bind');
let sources = 0;

/** A folder on the host with a file in it. */
function hostFolder(): string {
  const folder = join(runtime.folder, `source${sources++}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'file'), 'content\n');
  return folder;
}

/** A tmpfs on the host, shared with its peers, with another tmpfs on `sub`. */
function hostTree(): string {
  const folder = hostFolder();
  hostMount('-t', 'tmpfs', 'tree', folder);
  hostMount('--make-shared', folder);
  mkdirSync(join(folder, 'sub'));
  hostMount('-t', 'tmpfs', 'branch', join(folder, 'sub'));
  return folder;
}

function hostMount(...args: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(['mount', ...args]);
  if (exitCode !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`);
}

const bind = (source: string, destination: string, ...options: string[]): Mount => ({
  destination,
  source,
  type: 'none',
  options,
});

function inside(script: string, mounts: Mount[], changes: Changes = {}): string {
  return runtime.inside(script, { ...changes, mounts: withMounts(...mounts) });
}

function mountsInside(...mounts: Mount[]): Map<string, MountLine> {
  const lines = parseMountinfo(inside('cat /proc/self/mountinfo', mounts));
  return new Map(lines.map((line) => [line.target, line]));
}

test('a folder is bound and both sides write to it', () => {
  const source = hostFolder();
  assert.is(inside('cat /m/file; echo back > /m/new', [bind(source, '/m', 'bind')]), 'content\n');
  assert.is(readFileSync(join(source, 'new'), 'utf8'), 'back\n');
});

test('a file is bound on a file', () => {
  const source = join(hostFolder(), 'file');
  assert.is(inside('cat /etc/passwd', [bind(source, '/etc/passwd', 'bind')]), 'content\n');
});

test('a missing target of a bound file is created as a file, of a folder as a folder', () => {
  const source = hostFolder();
  const bundle = runtime.bundle({
    mounts: withMounts(bind(`${source}/file`, '/new/dir/file', 'bind'), bind(source, '/new/folder', 'rbind')),
  });
  runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.ok(statSync(join(bundle.rootfs, 'new/dir/file')).isFile());
  assert.ok(statSync(join(bundle.rootfs, 'new/folder')).isDirectory());
});

test('a mount with bind in its options is a bind mount whatever its type says', () => {
  const source = hostFolder();
  assert.is(inside('cat /m/file', [{ ...bind(source, '/m', 'bind'), type: 'tmpfs' }]), 'content\n');
});

test('a bind mount needs no type', () => {
  const source = hostFolder();
  assert.is(inside('cat /m/file', [{ destination: '/m', source, options: ['bind'] }]), 'content\n');
});

test('a relative source is relative to the bundle', () => {
  const bundle = runtime.bundle({
    process: { args: ['cat', '/m/file'] },
    mounts: withMounts(bind('data', '/m', 'bind')),
  });
  mkdirSync(join(bundle.directory, 'data'));
  writeFileSync(join(bundle.directory, 'data/file'), 'relative\n');
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], { cwd: '/' }), 'relative\n');
});

test('a source that is a symlink is followed on the host', () => {
  const source = hostFolder();
  symlinkSync(source, `${source}-link`);
  assert.is(inside('cat /m/file', [bind(`${source}-link`, '/m', 'bind')]), 'content\n');
});

test('a missing source is an error that names it', () => {
  const bundle = runtime.bundle({ mounts: withMounts(bind('/no/such/source', '/m', 'bind')) });
  const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
  assert.match(line, /\/no\/such\/source/);
  assert.match(line, /ENOENT|no such file/);
});

test('the source of a device node, socket or FIFO can be bound', () => {
  assert.is(inside('head -c 2 /zero | od -An -tx1', [bind('/dev/zero', '/zero', 'bind')]), ' 00 00\n');
});

test('bind leaves the mounts below the source out, rbind takes them along', () => {
  const source = hostTree();
  const targets = mountsInside(bind(source, '/plain', 'bind'), bind(source, '/deep', 'rbind'));
  assert.ok(targets.has('/plain') && !targets.has('/plain/sub'));
  assert.ok(targets.has('/deep') && targets.has('/deep/sub'));
});

for (const option of ['ro', 'nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'nosymfollow']) {
  test(`${option} on an rbind changes the top mount only, r${option} all of them`, () => {
    const source = hostTree();
    const mounts = mountsInside(bind(source, '/top', 'rbind', option), bind(source, '/all', 'rbind', `r${option}`));
    assert.ok(mounts.get('/top')?.options.includes(option));
    assert.not(mounts.get('/top/sub')?.options.includes(option));
    assert.ok(mounts.get('/all')?.options.includes(option));
    assert.ok(mounts.get('/all/sub')?.options.includes(option));
  });
}

for (const [recursive, flag] of [
  ['rrw', 'ro'],
  ['rsuid', 'nosuid'],
  ['rdev', 'nodev'],
  ['rexec', 'noexec'],
  ['rdiratime', 'nodiratime'],
  ['rsymfollow', 'nosymfollow'],
  ['rrelatime', 'noatime'],
  ['rstrictatime', 'relatime'],
  ['ratime', 'noatime'],
] as const) {
  test(`${recursive} takes ${flag} away from all mounts`, () => {
    const source = hostTree();
    for (const folder of [source, `${source}/sub`]) hostMount('-o', `remount,bind,${flag}`, folder);
    const mounts = mountsInside(bind(source, '/m', 'rbind', recursive));
    assert.not(mounts.get('/m')?.options.includes(flag));
    assert.not(mounts.get('/m/sub')?.options.includes(flag));
  });
}

test('ro on a bind mount does not make the source read-only on the host', () => {
  const source = hostFolder();
  assert.match(inside('touch /m/x 2>&1 || true', [bind(source, '/m', 'bind', 'ro')]), /Read-only/);
  writeFileSync(join(source, 'still-writable'), '');
});

/** A running container with `source` on /m, and the mount points below /m as it sees them. */
function watching(source: string, option: string, rootfsPropagation?: string): { id: string; below: () => string[] } {
  const linux = rootfsPropagation === undefined ? {} : { linux: { rootfsPropagation } };
  const id = runtime.running({ mounts: withMounts(bind(source, '/m', 'rbind', option)), ...linux });
  const { pid } = runtime.state(id);
  const below = (): string[] =>
    parseMountinfo(readText(`/proc/${pid}/mountinfo`))
      .map(({ target }) => target)
      .filter((target) => target.startsWith('/m/'));
  return { id, below };
}

for (const option of ['slave', 'rslave', 'shared', 'rshared']) {
  test(`a later mount on the host appears in a bind mount with ${option}`, () => {
    const source = hostTree();
    const { id, below } = watching(source, option, 'shared');
    mkdirSync(`${source}/late`);
    hostMount('-t', 'tmpfs', 'late', `${source}/late`);
    assert.ok(waitUntil(() => below().includes('/m/late')));
    runtime.remove(id);
  });
}

for (const option of ['private', 'rprivate', 'unbindable', 'runbindable']) {
  test(`a later mount on the host does not appear in a bind mount with ${option}`, () => {
    const source = hostTree();
    const { id, below } = watching(source, option, 'shared');
    mkdirSync(`${source}/late`);
    hostMount('-t', 'tmpfs', 'late', `${source}/late`);
    assert.equal(below(), ['/m/sub']);
    runtime.remove(id);
  });
}

for (const [option, isSeen] of [
  ['shared', true],
  ['rshared', true],
  ['slave', false],
  ['private', false],
] as const) {
  test(`a mount made inside a bind mount with ${option} is ${isSeen ? '' : 'not '}seen on the host`, () => {
    const source = hostTree();
    mkdirSync(`${source}/inner`);
    const { id } = watching(source, option, 'shared');
    const { pid } = runtime.state(id);
    const { exitCode } = Bun.spawnSync([
      'nsenter',
      '-t',
      `${pid}`,
      '-m',
      '/bin/mount',
      '-t',
      'tmpfs',
      'inner',
      '/m/inner',
    ]);
    assert.is(exitCode, 0);
    assert.is(hostMounts().includes(`${source}/inner`), isSeen);
    runtime.remove(id);
  });
}

test('the container does not leave mounts on the host', () => {
  const source = hostFolder();
  const before = hostMounts();
  inside('true', [bind(source, '/m', 'bind'), bind(source, '/n', 'rbind', 'rprivate')]);
  assert.equal(
    hostMounts().filter((target) => target.includes(runtime.tag) && !before.includes(target)),
    [],
  );
});

test.run();
