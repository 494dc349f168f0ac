// State folders that are damaged or not the runtime's, and places for them that are full, read-only, or links.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { isRunts } from '../runtime.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('damaged');
const bundle = runtime.bundle({ process: { args: ['sleep', '60'] } });
const notRunts = isRunts ? undefined : 'the state folder is of another shape';
const SOON = { timeoutMs: 5000 };

const COMMANDS = [['state'], ['start'], ['kill'], ['delete']];

const broken: [what: string, make: (file: string) => void][] = [
  ['is cut off', (file) => truncateSync(file, Math.floor(readFileSync(file).length / 2))],
  ['is empty', (file) => truncateSync(file, 0)],
  ['is no text', (file) => writeFileSync(file, Buffer.from([0xff, 0xfe, 0, 1]))],
  ['is null', (file) => writeFileSync(file, 'null')],
  ['is something else', (file) => writeFileSync(file, '{"id":5,"cgroups":"none"}')],
  ['is of another container', (file) => writeFileSync(file, readFileSync(file, 'utf8').replace(/"id":"/, '"id":"x'))],
  ['is a link', (file) => replaceBy(file, () => symlinkSync('/etc/passwd', file))],
  ['is a FIFO', (file) => replaceBy(file, () => spawnSync('mkfifo', [file]))],
];

function replaceBy(file: string, make: () => void): void {
  rmSync(file);
  make();
}

for (const [what, make] of broken) {
  testUnless(
    notRunts,
    test,
    `a state.json that ${what} is told in one line, and removed by force with a warning`,
    () => {
      const id = runtime.create(bundle);
      const { pid } = runtime.state(id);
      const folder = join(runtime.root, id);
      make(join(folder, 'state.json'));
      // What the launcher would answer from, though the rest is damaged.
      if (isRunts) writeFileSync(join(folder, 'created'), '');
      for (const command of COMMANDS) assert.match(runtime.fails([...command, id], SOON), /state\.json is damaged/);
      assert.match(runtime.command(['list'], SOON).stderr, new RegExp(`^runts: warning: list ${id}: .* is damaged`));
      const { exit, stderr } = runtime.command(['delete', '--force', id], SOON);
      assert.is(exit, 0);
      assert.match(stderr, /^runts: warning: .*state\.json is damaged: .* are not known any more, and left\n$/);
      assert.not(existsSync(folder));
      // What the warning speaks of.
      process.kill(pid, 'SIGKILL');
    },
  );
}

test('list shows the other containers', () => {
  const ids = [runtime.create(bundle), runtime.create(bundle)];
  if (isRunts) writeFileSync(join(runtime.root, ids[0] ?? '', 'state.json'), '{');
  mkdirSync(join(runtime.root, 'foreign'));
  writeFileSync(join(runtime.root, 'file'), '');
  assert.match(runtime.command(['list', '--quiet']).stdout, new RegExp(`^${ids[1]}$`, 'm'));
  for (const id of ids) runtime.command(['delete', '--force', id]);
  for (const name of ['foreign', 'file']) rmSync(join(runtime.root, name), { recursive: true });
});

const foreign: [what: string, make: (path: string) => void][] = [
  ['file', (path) => writeFileSync(path, 'x')],
  ['FIFO', (path) => spawnSync('mkfifo', [path])],
  ['link to a folder', (path) => symlinkSync(precious, path)],
];
const precious = join(runtime.folder, 'precious');
mkdirSync(precious);
writeFileSync(join(precious, 'created'), '');

for (const [what, make] of foreign) {
  testUnless(notRunts, test, `a ${what} in the place of a container's folder is left alone, also by force`, () => {
    const id = runtime.id();
    const path = join(runtime.root, id);
    mkdirSync(runtime.root, { recursive: true });
    make(path);
    const before = lstatSync(path).ino;
    for (const command of [...COMMANDS, ['delete', '--force']]) runtime.fails([...command, id], SOON);
    assert.match(runtime.fails(['delete', '--force', id], SOON), `${path} is no container's folder`);
    assert.match(runtime.fails(['create', '--bundle', bundle.directory, id], SOON), /exists already/);
    assert.is(lstatSync(path).ino, before);
    assert.equal(readdirSync(precious), ['created']);
    rmSync(path);
  });
}

/** Runs an action with a tmpfs to keep the state in. */
function withTmpfs(options: string, action: (folder: string) => void): void {
  const folder = join(runtime.folder, `tmpfs-${runtime.id()}`);
  mkdirSync(folder);
  mount('-t', 'tmpfs', '-o', options, 'tmpfs', folder);
  try {
    action(folder);
  } finally {
    spawnSync('umount', ['-l', folder]);
  }
}

function mount(...args: string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

const createIn = (root: string, id: string) =>
  runtime.fails(['create', '--bundle', bundle.directory, id], { globals: ['--root', root] });

test('on a full disk create fails and leaves nothing behind', () => {
  withTmpfs('size=8k', (folder) => {
    writeFileSync(join(folder, 'filler'), '');
    spawnSync('dd', ['if=/dev/zero', `of=${folder}/filler`, 'bs=1k'], { stdio: 'ignore' });
    const before = snapshot(runtime);
    const line = createIn(`${folder}/root`, runtime.id());
    assert.match(line, isRunts ? /save state \/.*ENOSPC/ : /no space/);
    assert.equal(leftovers(before), []);
    assert.equal(readdirSync(`${folder}/root`), []);
  });
});

for (const count of [3, 4, 5, 6]) {
  test(`on a disk with inodes for ${count} files create fails and leaves nothing behind`, () => {
    withTmpfs(`nr_inodes=${count}`, (folder) => {
      const before = snapshot(runtime);
      createIn(`${folder}/root`, runtime.id());
      assert.equal(leftovers(before), []);
      assert.equal(existsSync(`${folder}/root`) ? readdirSync(`${folder}/root`) : [], []);
    });
  });
}

test('containers on a disk that is full by now can be used and deleted', () => {
  withTmpfs('size=64k', (folder) => {
    const globals = ['--root', `${folder}/root`];
    const id = runtime.id();
    runtime.ok(['create', '--bundle', bundle.directory, id], { globals });
    spawnSync('dd', ['if=/dev/zero', `of=${folder}/filler`, 'bs=1k'], { stdio: 'ignore' });
    for (const args of [['state', id], ['start', id], ['kill', id, 'KILL'], ['list'], ['delete', '--force', id]]) {
      runtime.ok(args, { globals });
    }
  });
});

test('on a read-only disk create fails; containers there end by force, and are removed when it can be written to', () => {
  withTmpfs('size=1m', (folder) => {
    const globals = ['--root', `${folder}/root`];
    const id = runtime.id();
    runtime.ok(['create', '--bundle', bundle.directory, id], { globals });
    const { pid } = JSON.parse(runtime.ok(['state', id], { globals }));
    mount('-o', 'remount,ro', folder);
    const before = snapshot(runtime);
    assert.match(createIn(`${folder}/root`, runtime.id()), isRunts ? /EROFS/ : /read-only/);
    assert.match(createIn(`${folder}/other`, runtime.id()), isRunts ? /EROFS/ : /read-only/);
    assert.equal(leftovers(before), []);
    if (isRunts) assert.match(runtime.fails(['delete', '--force', id], { globals }), /remove state: unlink .* EROFS/);
    mount('-o', 'remount,rw', folder);
    runtime.ok(['delete', '--force', id], { globals });
    assert.not(existsSync(`/proc/${pid}/exe`));
  });
});

test('a root that is not there is made by create only', () => {
  const root = join(runtime.folder, 'not/there/yet');
  const globals = ['--root', root];
  const id = runtime.id();
  for (const command of COMMANDS) assert.match(runtime.fails([...command, id], { globals }), /does not exist/);
  runtime.ok(['delete', '--force', id], { globals });
  if (isRunts) assert.not(existsSync(root));
  runtime.ok(['create', '--bundle', bundle.directory, id], { globals });
  assert.is(lstatSync(root).mode & 0o777, isRunts ? 0o700 : 0o711);
  runtime.ok(['delete', '--force', id], { globals });
});

test('a relative root, and one behind a link, are the same place', () => {
  const id = runtime.id();
  symlinkSync('relative', join(runtime.folder, 'link'));
  const at = (root: string, cwd = runtime.folder) => ({ globals: ['--root', root], cwd });
  runtime.ok(['create', '--bundle', bundle.directory, id], at('relative'));
  runtime.ok(['start', id], at('link'));
  assert.match(runtime.ok(['state', id], at('.', join(runtime.folder, 'relative'))), /running/);
  runtime.ok(['kill', id, 'KILL'], at(join(runtime.folder, 'link')));
  runtime.ok(['delete', '--force', id], at('./relative/../link'));
  assert.equal(readdirSync(join(runtime.folder, 'relative')), []);
});

test.run();
