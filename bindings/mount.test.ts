import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import * as K from './constants.ts';
import { SyscallError } from './errno.ts';
import { chroot, openat2 } from './files.ts';
import * as M from './mount.ts';
import { inChild, rootTest, strictSuite } from './strict-suite.ts';

const test = strictSuite('bindings/mount', import.meta.path);

const folder = mkdtempSync('/tmp/runts-mount-');
for (const name of ['a', 'b', 'tree/below', 'root/old']) mkdirSync(`${folder}/${name}`, { recursive: true });
writeFileSync(`${folder}/a/file`, 'hello');
test.after(() => rmSync(folder, { recursive: true }));

const openFolder = (name: string): number => openat2(K.AT_FDCWD, `${folder}/${name}`, { flags: K.O_PATH });

// The fields of mountinfo for a mount point: options of the mount, optional fields, type, source, file system options.
function mountAt(name: string): { options: string[]; peers: string; type: string; source: string; data: string[] } {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const fields = lines.findLast((line) => line[4] === `${folder}/${name}`) ?? [];
  const dash = fields.indexOf('-');
  const [type = '', source = '', data = ''] = fields.slice(dash + 1);
  return {
    options: (fields[5] ?? '').split(','),
    peers: fields.slice(6, dash).join(),
    type,
    source,
    data: data.split(','),
  };
}

function tmpfs(options: Record<string, string | undefined> = {}, attributes = 0): number {
  const fsFd = M.fsopen('tmpfs');
  for (const [key, value] of Object.entries(options)) M.fsconfigSet(fsFd, key, value);
  M.fsconfigCreate(fsFd, 'tmpfs');
  const mountFd = M.fsmount(fsFd, attributes, 'tmpfs');
  closeSync(fsFd);
  return mountFd;
}

function attach(mountFd: number, name: string): void {
  const targetFd = openFolder(name);
  M.moveMount(mountFd, targetFd, name);
  closeSync(targetFd);
  closeSync(mountFd);
}

function changeMount(name: string, attributes: M.MountAttributes): void {
  const fd = openFolder(name);
  M.mountSetattr(fd, attributes, name);
  closeSync(fd);
}

const saysSo = (line: RegExp) => (error: unknown) => error instanceof SyscallError && line.test(error.message);

const failures: [line: RegExp, action: () => unknown][] = [
  [/^fsopen nofs ENODEV$/, () => M.fsopen('nofs')],
  [/^fsconfig size=64q \(tmpfs: Bad value for 'size'\) EINVAL$/, () => M.fsconfigSet(M.fsopen('tmpfs'), 'size', '64q')],
  [/^fsconfig nonsense \(.*nonsense.*\) EINVAL$/, () => M.fsconfigSet(M.fsopen('tmpfs'), 'nonsense')],
  [/^fsconfig tmpfs EBADF$/, () => M.fsconfigCreate(9999, 'tmpfs')],
  [/^fsmount tmpfs EINVAL$/, () => M.fsmount(M.fsopen('tmpfs'), 0, 'tmpfs')],
  [/^open_tree \/nowhere ENOENT$/, () => M.openTreeClone(K.AT_FDCWD, '/nowhere', { recursive: false })],
  [/^move_mount \/x E(BADF|INVAL)$/, () => M.moveMount(-1, -1, '/x')],
  [/^mount_setattr \/x EBADF$/, () => M.mountSetattr(-1, { set: K.MOUNT_ATTR_RDONLY }, '/x')],
  [/^mount \/nowhere ENOENT$/, () => M.mount({ source: 'none', target: '/nowhere', type: 'tmpfs' })],
  [/^umount2 \/nowhere ENOENT$/, () => M.umount2('/nowhere', 0)],
  [/^pivot_root \/nowhere ENOENT$/, () => M.pivotRoot('/nowhere', '/nowhere')],
];
for (const [line, action] of failures) {
  rootTest(test, `fails with ${line}`, () => assert.throws(action, saysSo(line)));
}

rootTest(test, 'a file system has the options, the source and the attributes that it was made with', () => {
  attach(tmpfs({ source: 'mine', size: '64k', mode: '750' }, K.MOUNT_ATTR_NOSUID | K.MOUNT_ATTR_NOEXEC), 'b');
  const { options, type, source, data } = mountAt('b');
  assert.equal([type, source], ['tmpfs', 'mine']);
  assert.equal(options.sort(), ['noexec', 'nosuid', 'relatime', 'rw']);
  assert.ok(data.includes('size=64k') && data.includes('mode=750'));
  M.umount2(`${folder}/b`, 0);
});

rootTest(test, 'a flag of the file system needs no value', () => {
  attach(tmpfs({ ro: undefined }), 'b');
  assert.equal([mountAt('b').options.includes('rw'), mountAt('b').data.includes('ro')], [true, true]);
  M.umount2(`${folder}/b`, 0);
});

rootTest(test, 'a copy of a tree shows the same files, with or without the mounts below', () => {
  attach(tmpfs(), 'tree/below');
  writeFileSync(`${folder}/tree/below/file`, '');
  for (const [recursive, names] of [
    [true, ['file']],
    [false, []],
  ] as const) {
    attach(M.openTreeClone(K.AT_FDCWD, `${folder}/tree`, { recursive }), 'b');
    assert.equal(readdirSync(`${folder}/b/below`), names);
    M.umount2(`${folder}/b`, K.MNT_DETACH);
  }
  M.umount2(`${folder}/tree/below`, 0);
});

rootTest(test, 'a tree can be copied by its descriptor', () => {
  const fd = openFolder('a');
  attach(M.openTreeClone(fd, '', { recursive: false }), 'b');
  closeSync(fd);
  assert.is(readFileSync(`${folder}/b/file`, 'utf8'), 'hello');
  M.umount2(`${folder}/b`, 0);
});

rootTest(test, 'attributes are set and cleared, on one mount or on all below', () => {
  attach(tmpfs({}, K.MOUNT_ATTR_NODEV), 'tree');
  mkdirSync(`${folder}/tree/inner`);
  attach(tmpfs(), 'tree/inner');
  changeMount('tree', { set: K.MOUNT_ATTR_RDONLY, clear: K.MOUNT_ATTR_NODEV });
  assert.equal(mountAt('tree').options.sort(), ['relatime', 'ro']);
  assert.equal(mountAt('tree/inner').options.sort(), ['relatime', 'rw']);
  changeMount('tree', { set: K.MOUNT_ATTR_NOSUID, recursive: true });
  assert.ok(mountAt('tree').options.includes('nosuid') && mountAt('tree/inner').options.includes('nosuid'));
  M.umount2(`${folder}/tree`, K.MNT_DETACH);
});

const propagations: [word: string, propagation: number, peers: RegExp][] = [
  ['shared', K.MS_SHARED, /^shared:\d+$/],
  ['slave', K.MS_SLAVE, /^master:\d+$/],
  ['private', K.MS_PRIVATE, /^$/],
  ['unbindable', K.MS_UNBINDABLE, /^unbindable$/],
];
for (const [word, propagation, peers] of propagations) {
  rootTest(test, `a mount becomes ${word}`, () => {
    attach(tmpfs(), 'tree');
    changeMount('tree', { propagation: K.MS_SHARED });
    // A slave needs a peer that stays shared.
    const peer = M.openTreeClone(K.AT_FDCWD, `${folder}/tree`, { recursive: false });
    changeMount('tree', { propagation });
    assert.match(mountAt('tree').peers, peers);
    closeSync(peer);
    M.umount2(`${folder}/tree`, K.MNT_DETACH);
  });
}

rootTest(test, 'mount(2) takes type, flags and data, and a remount changes them', () => {
  const target = `${folder}/b`;
  M.mount({ source: 'mine', target, type: 'tmpfs', flags: K.MS_NOSUID, data: 'size=64k' });
  M.mount({ source: 'mine', target, flags: K.MS_REMOUNT | K.MS_RDONLY, data: 'size=128k' });
  const { options, data } = mountAt('b');
  assert.ok(options.includes('ro') && data.includes('size=128k'));
  M.umount2(target, 0);
});

rootTest(test, 'the root can be pivoted', () => {
  const answer = inChild(() => {
    attach(M.openTreeClone(K.AT_FDCWD, `${folder}/root`, { recursive: false }), 'root');
    M.pivotRoot(`${folder}/root`, `${folder}/root/old`);
    chroot('/');
    return readdirSync('/').join();
  }, K.CLONE_NEWNS);
  assert.is(answer, 'old');
});

rootTest(test, 'a mount that is in use is detached', () => {
  attach(tmpfs(), 'b');
  const fd = openSync(`${folder}/b`, 'r');
  assert.throws(() => M.umount2(`${folder}/b`, 0), saysSo(/EBUSY$/));
  M.umount2(`${folder}/b`, K.MNT_DETACH);
  closeSync(fd);
});

test.run();
