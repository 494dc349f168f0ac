import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import * as assert from 'uvu/assert';
import * as K from './constants.ts';
import { SyscallError } from './errno.ts';
import * as F from './files.ts';
import { clone, exitNow, wait } from './process.ts';
import { rootTest, strictSuite } from './strict-suite.ts';

const test = strictSuite('bindings/files', import.meta.path);

const folder = mkdtempSync('/tmp/runts-files-');
const folderFd = openSync(folder, 'r');
const path = (name: string): string => `${folder}/${name}`;
test.after(() => rmSync(folder, { recursive: true }));

writeFileSync(path('file'), 'hello');
symlinkSync('/etc/passwd', path('absolute'));
symlinkSync('file', path('link'));
mkdirSync(path('taken'));

// Each wrapper once so that it fails: the line names the call, what it was about, and the errno. (close_range can't fail
// with the arguments that its wrapper lets through, socketpair only for want of descriptors.)
const failures: [line: string, action: () => unknown][] = [
  ['openat2 none ENOENT', () => F.openat2(folderFd, 'none', { flags: K.O_RDONLY })],
  ['openat2 ../x EXDEV', () => F.openat2(folderFd, '../x', { flags: K.O_PATH, resolve: K.RESOLVE_BENEATH })],
  ['mkdirat none/x ENOENT', () => F.mkdirat(folderFd, 'none/x', 0o755)],
  ['mknodat taken EEXIST', () => F.mknodat(folderFd, 'taken', K.S_IFIFO | 0o600)],
  ['symlinkat taken EEXIST', () => F.symlinkat('x', folderFd, 'taken')],
  ['fchmodat none ENOENT', () => F.fchmodat(folderFd, 'none', 0o600)],
  ['fchownat none ENOENT', () => F.fchownat(folderFd, 'none', -1, -1)],
  ['flock EBADF', () => F.flock(-1, K.LOCK_EX)],
  ['fchdir /x EBADF', () => F.fchdir(-1, '/x')],
  ['chroot /nowhere ENOENT', () => F.chroot('/nowhere')],
  ['dup3 EBADF', () => F.dup3(-1, 100)],
  ['fcntl EBADF', () => F.setCloseOnExec(-1, true)],
  ['memfd_create EINVAL', () => F.memfdCreate('x'.repeat(300))],
  ['fcntl seal EPERM', () => F.fillProgram(sealed(), new Uint8Array(0))],
  ['read EBADF', () => F.read(-1, new Uint8Array(1))],
  ['write EBADF', () => F.write(-1, new Uint8Array(1))],
  ['fstatfs EBADF', () => F.fileSystemType(-1)],
];
for (const [line, action] of failures) {
  test(`fails with: ${line}`, () => {
    const saysSo = (error: unknown) =>
      error instanceof SyscallError && error.message.startsWith(line.replace(/ E\w+$/, ''));
    const hasErrno = (error: unknown) => error instanceof SyscallError && line.endsWith(error.errno);
    assert.throws(action, (error: unknown) => saysSo(error) && hasErrno(error));
  });
}

function sealed(): number {
  const fd = F.memfdProgram('sealed');
  F.fillProgram(fd, Uint8Array.of(1));
  return fd;
}

test('a file is opened beneath a folder, closed on execve, with the mode asked for', () => {
  const fd = F.openat2(folderFd, 'made', {
    flags: K.O_RDWR | K.O_CREAT | K.O_EXCL,
    mode: 0o640,
    resolve: K.RESOLVE_BENEATH,
  });
  assert.is(fstatSync(fd).mode & 0o777, 0o640);
  assert.match(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'), /^flags:\s+02\d*2$/m);
  closeSync(fd);
});

test('RESOLVE_IN_ROOT keeps an absolute link inside', () => {
  assert.is(
    F.tryOpenat2(folderFd, 'absolute', { flags: K.O_PATH, resolve: K.RESOLVE_IN_ROOT }),
    -K.errnoNumber('ENOENT'),
  );
});

test('O_PATH with O_NOFOLLOW refers to the link itself', () => {
  const fd = F.openat2(folderFd, 'link', { flags: K.O_PATH | K.O_NOFOLLOW });
  assert.ok(fstatSync(fd).isSymbolicLink());
  closeSync(fd);
});

test('a folder is made once', () => {
  assert.equal([F.mkdirat(folderFd, 'new', 0o700), F.mkdirat(folderFd, 'new', 0o755)], [true, false]);
  assert.is(statSync(path('new')).mode & 0o777, 0o700);
});

test('a FIFO and a regular file can be made by anyone', () => {
  F.mknodat(folderFd, 'fifo', K.S_IFIFO | 0o600);
  F.mknodat(folderFd, 'empty', K.S_IFREG | 0o600);
  assert.equal([statSync(path('fifo')).isFIFO(), statSync(path('empty')).size], [true, 0]);
});

const devices: [major: number, minor: number, number: number][] = [
  [1, 3, 0x103],
  [8, 255, 0x8ff],
  [259, 256, 0x110300],
  [4095, 0xfffff, 0xffffffff],
];
for (const [major, minor, number] of devices) {
  test(`device ${major}:${minor} is number 0x${number.toString(16)}`, () => assert.is(F.makedev(major, minor), number));
}

rootTest(test, 'a device has the numbers that it was made with, large ones too', () => {
  for (const [index, [major, minor, number]] of devices.entries()) {
    F.mknodat(folderFd, `device${index}`, K.S_IFCHR | 0o600, F.makedev(major, minor));
    const stat = statSync(path(`device${index}`));
    assert.equal([stat.isCharacterDevice(), stat.rdev], [true, number]);
  }
});

test('a link leads where it was told to', () => {
  F.symlinkat('../some where', folderFd, 'new-link');
  assert.is(readlinkSync(path('new-link')), '../some where');
});

test('a mode can be changed', () => {
  F.fchmodat(folderFd, 'file', 0o604);
  assert.is(statSync(path('file')).mode & 0o7777, 0o604);
});

rootTest(test, 'an owner is changed on the link itself, and -1 leaves an id alone', () => {
  F.fchownat(folderFd, 'link', 1234, -1);
  F.fchownat(folderFd, 'link', -1, 5678);
  const ids = ({ uid, gid }: { uid: number; gid: number }) => [uid, gid];
  assert.equal(
    [ids(lstatSync(path('link'))), ids(statSync(path('link')))],
    [
      [1234, 5678],
      [0, 0],
    ],
  );
});

test('a lock is held by one open file at a time', () => {
  const other = openSync(folder, 'r');
  F.flock(folderFd, K.LOCK_EX);
  const isHeld = (error: unknown) => error instanceof SyscallError && error.errno === 'EAGAIN';
  assert.throws(() => F.flock(other, K.LOCK_EX | K.LOCK_NB), isHeld);
  closeSync(other);
});

test('the working directory can be a descriptor', () => {
  const before = openSync('.', 'r');
  F.fchdir(folderFd);
  const now = readlinkSync('/proc/self/cwd');
  F.fchdir(before);
  assert.is(now, realpathSync(folder));
});

function exitCodeOf(action: () => boolean): number | undefined {
  const pid = clone(0);
  if (pid === 0) exitNow(action() ? 0 : 1);
  return wait(pid, { block: true })?.code;
}

rootTest(test, 'the root directory of a process can be changed', () => {
  const code = exitCodeOf(() => {
    F.chroot(folder);
    return readFileSync('/file', 'utf8') === 'hello';
  });
  assert.is(code, 0);
});

const isClosedOnExec = (fd: number): boolean => /^flags:\s+02/m.test(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'));

test('a copy of a descriptor stays open across execve until it is marked otherwise', () => {
  F.dup3(folderFd, 200);
  assert.is(isClosedOnExec(200), false);
  F.setCloseOnExec(200, true);
  assert.is(isClosedOnExec(200), true);
  F.setCloseOnExec(200, false);
  assert.is(isClosedOnExec(200), false);
});

test('all descriptors from a number on are marked, those below are not', () => {
  for (const fd of [200, 201, 202]) F.dup3(folderFd, fd);
  F.closeOnExecFrom(201);
  assert.equal([200, 201, 202].map(isClosedOnExec), [false, true, true]);
  for (const fd of [200, 201, 202]) F.close(fd);
});

test('a closed descriptor is closed', () => {
  F.dup3(folderFd, 200);
  F.close(200);
  assert.throws(() => fstatSync(200), /EBADF/);
  assert.not.throws(() => F.close(200));
});

test('memory can be a file', () => {
  const fd = F.memfdCreate('notes');
  F.write(fd, new TextEncoder().encode('hello'));
  assert.is(readFileSync(`/proc/self/fd/${fd}`, 'utf8'), 'hello');
  assert.match(readlinkSync(`/proc/self/fd/${fd}`), 'notes');
  assert.ok(isClosedOnExec(fd));
});

test('a program in memory cannot be changed any more, not even by another way', () => {
  const fd = F.memfdProgram('program');
  F.fillProgram(fd, new TextEncoder().encode('hello'));
  assert.is(readFileSync(`/proc/self/fd/${fd}`, 'utf8'), 'hello');
  assert.throws(() => writeSync(fd, 'x'), /EPERM/);
  assert.throws(() => writeFileSync(`/proc/self/fd/${fd}`, 'x'), /EPERM/);
  assert.ok((fstatSync(fd).mode & 0o111) !== 0);
});

test('messages through a pair of sockets keep their boundaries', () => {
  const [one, other] = F.socketpair();
  F.write(one, Uint8Array.of(1, 2));
  F.write(one, Uint8Array.of(3));
  const buffer = new Uint8Array(8);
  assert.equal([F.read(other, buffer), F.read(other, buffer), buffer[0]], [2, 1, 3]);
  F.close(one);
  assert.is(F.read(other, buffer), 0);
});

test('a file system tells its type', () => {
  const fd = openSync('/proc/self', 'r');
  assert.is(F.fileSystemType(fd), K.PROC_SUPER_MAGIC);
  closeSync(fd);
});

test('polling tells which descriptors can be read or have been hung up', () => {
  const pairs = [F.socketpair(), F.socketpair(), F.socketpair()];
  const near = pairs.map(([fd]) => fd);
  const far = pairs.map(([, fd]) => fd);
  F.write(far[1] ?? -1, Uint8Array.of(1));
  F.close(far[2] ?? -1);
  assert.equal(F.pollReadable(near), [false, true, true]);
});

test('polling ends after its time', () => {
  const [fd] = F.socketpair();
  const start = performance.now();
  assert.equal(F.pollReadable([fd], 30), [false]);
  assert.equal(F.pollReadable([], 30), []);
  assert.ok(performance.now() - start >= 55);
});

test.run();
