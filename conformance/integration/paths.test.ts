// maskedPaths, readonlyPaths, root.readonly, rootfsPropagation and root.path.
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { makeBundle, withMounts } from '../bundle.ts';
import { isRunts } from '../runtime.ts';
import { type MountLine, parseMountinfo, readText } from './host.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('paths');

test('a masked file reads as empty, a masked folder is empty, and both cannot be written', () => {
  const bundle = runtime.bundle({
    process: { args: ['sh', '-c', 'cat /secret; ls -A /folder; echo x > /folder/new || true'] },
    linux: { maskedPaths: ['/secret', '/folder'] },
  });
  writeFileSync(join(bundle.rootfs, 'secret'), 'secret\n');
  mkdirSync(join(bundle.rootfs, 'folder'));
  writeFileSync(join(bundle.rootfs, 'folder/file'), 'secret\n');
  const { stdout, stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(stdout, '');
  assert.match(stderr, /Read-only file system/);
});

test('what is written to a masked file does not reach the file', () => {
  const bundle = runtime.bundle({
    process: { args: ['sh', '-c', 'echo changed > /secret || true'] },
    linux: { maskedPaths: ['/secret'] },
  });
  writeFileSync(join(bundle.rootfs, 'secret'), 'secret\n');
  runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(readText(join(bundle.rootfs, 'secret')), 'secret\n');
});

test('a masked or read-only path that does not exist is no error', () => {
  assert.is(runtime.inside('echo ok', { linux: { maskedPaths: ['/nope'], readonlyPaths: ['/nope/too'] } }), 'ok\n');
});

test('the masked paths of the base config are masked', () => {
  assert.is(
    runtime.inside('cat /proc/keys /proc/timer_list; ls -A /proc/acpi /sys/firmware | grep -v : ; true').trim(),
    '',
  );
});

test('read-only paths can be read and not be written', () => {
  const bundle = runtime.bundle({
    process: { args: ['sh', '-c', 'cat /data/file; touch /data/new; echo x > /data/file; true'] },
    linux: { readonlyPaths: ['/data'] },
  });
  mkdirSync(join(bundle.rootfs, 'data'));
  writeFileSync(join(bundle.rootfs, 'data/file'), 'content\n');
  const { stdout, stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(stdout, 'content\n');
  assert.is(stderr.match(/Read-only file system/g)?.length, 2);
});

test('the mounts below a read-only path are read-only too', () => {
  const tmpfs = (destination: string) => ({ destination, type: 'tmpfs', source: 'tmpfs' });
  const changes = { mounts: withMounts(tmpfs('/m'), tmpfs('/m/sub')), linux: { readonlyPaths: ['/m'] } };
  const text = runtime.inside('cat /proc/self/mountinfo; touch /m/x 2>&1; true', changes);
  assert.match(text, /touch: \/m\/x: Read-only/);
});

test('a read-only path keeps the other flags of its mount', () => {
  const mount = { destination: '/m', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'noexec'] };
  const text = runtime.inside('cat /proc/self/mountinfo', {
    mounts: withMounts(mount),
    linux: { readonlyPaths: ['/m'] },
  });
  const found = parseMountinfo(text).findLast(({ target }) => target === '/m');
  assert.equal(found?.options.slice(0, 4), ['ro', 'nosuid', 'nodev', 'noexec']);
});

test('the read-only paths of the base config cannot be written by root', () => {
  const script = 'echo x > /proc/sys/kernel/domainname; echo 3 > /proc/irq/default_smp_affinity; true';
  const bundle = runtime.bundle({ process: { args: ['sh', '-c', script] } });
  const { stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(stderr.match(/Read-only file system/g)?.length, 2);
});

test('root.readonly true makes the root read-only, and its mounts stay writable', () => {
  const script = 'touch /x; touch /dev/shm/y && echo shm';
  const bundle = runtime.bundle({ root: { readonly: true }, process: { args: ['sh', '-c', script] } });
  const { stdout, stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(stdout, 'shm\n');
  assert.match(stderr, /Read-only file system/);
});

test('root.readonly does not make the rootfs read-only on the host', () => {
  const bundle = runtime.bundle({ root: { readonly: true } });
  runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]);
  writeFileSync(join(bundle.rootfs, 'still-writable'), '');
});

test('with root.readonly, missing mount targets and cwd are still created', () => {
  const mounts = withMounts({ destination: '/a/b', type: 'tmpfs', source: 'tmpfs' });
  const changes = { root: { readonly: true }, mounts, process: { cwd: '/c/d' } };
  assert.is(runtime.inside('pwd; ls -d /a/b', changes), '/c/d\n/a/b\n');
});

test('an absolute root.path and one outside of the bundle work', () => {
  const bundle = runtime.bundle({ process: { args: ['echo', 'fine'] } });
  const other = runtime.bundle({ root: { path: bundle.rootfs }, process: { args: ['echo', 'fine'] } });
  assert.is(runtime.ok(['run', '--bundle', other.directory, runtime.id()]), 'fine\n');
});

for (const [path, errno] of [
  ['missing', /ENOENT|not exist|no such/],
  ['config.json', /ENOTDIR|not a directory/],
] as const) {
  test(`root.path "${path}" is an error that names it`, () => {
    const bundle = runtime.bundle({ root: { path } });
    const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
    assert.match(line, path);
    assert.match(line, errno);
  });
}

test('a config without root is an error', () => {
  const bundle = runtime.bundle({ root: undefined });
  assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), /root/i);
});

/** The root mount of a container whose rootfs is on a shared mount of the host. */
function rootMount(rootfsPropagation: string | undefined): MountLine | undefined {
  const folder = join(runtime.folder, `shared-${rootfsPropagation}`);
  mkdirSync(folder);
  for (const args of [
    ['-t', 'tmpfs', 'shared', folder],
    ['--make-shared', folder],
  ])
    Bun.spawnSync(['mount', ...args]);
  const bundle = makeBundle(join(folder, 'bundle'), {
    process: { args: ['cat', '/proc/self/mountinfo'] },
    linux: { rootfsPropagation },
  });
  const text = runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]);
  return parseMountinfo(text).find(({ target }) => target === '/');
}

for (const [propagation, shown] of [
  ['shared', /^shared:\d+$/],
  ['slave', /^master:\d+/],
  ['private', /^$/],
  ['unbindable', /^unbindable$/],
] as const) {
  test(`rootfsPropagation ${propagation} is the propagation of the root mount`, () => {
    assert.match(rootMount(propagation)?.propagation.join(' ') ?? 'none', shown);
  });
}

test('without rootfsPropagation nothing propagates to the host', () => {
  assert.not.match(rootMount(undefined)?.propagation.join(' ') ?? '', /^shared/);
});

test('an unknown rootfsPropagation is an error that names it', () => {
  const bundle = runtime.bundle({ linux: { rootfsPropagation: 'sideways' } });
  assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), /sideways/);
});

test('a missing bundle is an error that names it', () => {
  const missing = join(runtime.folder, 'no-bundle');
  assert.match(runtime.fails(['create', '--bundle', missing, runtime.id()]), /no-bundle/);
});

test('the root of the host is not reachable from the container', () => {
  const names = runtime.inside('ls -a /..').trim().split('\n');
  assert.ok(names.includes('bin'));
  assert.not(names.includes('boot'));
});

test('the root directory as a read-only path makes the root read-only', () => {
  for (const path of ['/', '/tmp/..']) {
    const script = 'touch /new 2>&1; touch /dev/new && echo ok';
    assert.match(runtime.inside(script, { linux: { readonlyPaths: [path] } }), /^touch: \/new: Read-only.*\nok\n$/);
  }
});

// HOME is looked up in there, and whoever reads a file whose atime is old writes to the mount (mount(2), MS_RELATIME).
test('the root can become read-only whoever has just read a file in it', () => {
  const process = { args: ['true'], env: ['PATH=/bin'] };
  const bundle = runtime.bundle({ process, root: { path: 'rootfs', readonly: true } });
  const passwd = join(bundle.rootfs, 'etc/passwd');
  mkdirSync(dirname(passwd), { recursive: true });
  writeFileSync(passwd, 'root:x:0:0:root:/root:/bin/sh\n'.repeat(300));
  for (let attempt = 0; attempt < 100; attempt++) {
    for (const path of [passwd, dirname(passwd)]) utimesSync(path, 1, 1);
    runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]);
  }
});

// runc mounts something over it that nobody sees.
test('the root directory as a masked path is an error', () => {
  const bundle = runtime.bundle({ linux: { maskedPaths: ['/proc/kcore', '/'] } });
  if (isRunts)
    assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), '/linux/maskedPaths/1');
});

test.run();
