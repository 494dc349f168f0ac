import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from './constants.ts';
import { SyscallError } from './errno.ts';
import * as F from './files.ts';
import { rootTest } from './root-suite.ts';
import { addressOf, syscall, words64 } from './syscall.ts';

const test = suite('bindings/files');

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
  ['fcntl EBADF', () => F.setCloseOnExec(-1, true)],
  ['memfd_create EINVAL', () => F.memfdCreate('x'.repeat(300))],
  ['fcntl seal EPERM', () => F.fillProgram(sealed(), new Uint8Array(0))],
  ['recvmsg EBADF', () => F.receiveWithFd(-1, new Uint8Array(1))],
  ['read EBADF', () => F.read(-1, new Uint8Array(1))],
  ['write EBADF', () => F.write(-1, new Uint8Array(1))],
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
    flags: K.O_WRONLY | K.O_CREAT | K.O_EXCL,
    mode: 0o640,
    resolve: K.RESOLVE_BENEATH,
  });
  assert.is(fstatSync(fd).mode & 0o777, 0o640);
  assert.match(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'), /^flags:\s+02\d*1$/m);
  closeSync(fd);
});

test('RESOLVE_IN_ROOT keeps an absolute link inside', () => {
  assert.is(
    F.tryOpenat2(folderFd, 'absolute', { flags: K.O_PATH, resolve: K.RESOLVE_IN_ROOT }),
    -2, // ENOENT
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

rootTest(test, 'a device has the number that it was made with, large ones too', () => {
  // makedev(3): 1:3, 259:256 and 4095:0xfffff.
  for (const number of [0x103, 0x110300, 0xffffffff]) {
    F.mknodat(folderFd, `device${number}`, K.S_IFCHR | 0o600, number);
    const stat = statSync(path(`device${number}`));
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

const isClosedOnExec = (fd: number): boolean => /^flags:\s+01?2/m.test(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'));

const openFds = (): number[] => [0, 1, 2].map(() => F.memfdCreate('x'));

test('a descriptor is marked to be closed by execve, or to stay open', () => {
  const [fd = -1] = openFds();
  F.setCloseOnExec(fd, false);
  assert.is(isClosedOnExec(fd), false);
  F.setCloseOnExec(fd, true);
  assert.is(isClosedOnExec(fd), true);
});

test('all descriptors from a number on are marked, those below are not', () => {
  const fds = openFds();
  for (const fd of fds) F.setCloseOnExec(fd, false);
  F.closeOnExecFrom(fds[1] ?? 3);
  assert.equal(fds.map(isClosedOnExec), [false, true, true]);
});

test('a closed descriptor is closed', () => {
  const [fd = -1] = openFds();
  F.close(fd);
  assert.throws(() => fstatSync(fd), /EBADF/);
  assert.not.throws(() => F.close(fd));
});

test('memory can be a file', () => {
  const fd = F.memfdCreate('notes');
  F.write(fd, new TextEncoder().encode('hello'));
  assert.is(readFileSync(`/proc/self/fd/${fd}`, 'utf8'), 'hello');
  assert.match(readlinkSync(`/proc/self/fd/${fd}`), 'notes');
  assert.ok(isClosedOnExec(fd));
});

rootTest(test, 'a program in memory cannot be changed any more, not even by another way', () => {
  const fd = F.memfdProgram('program');
  F.fillProgram(fd, new TextEncoder().encode('hello'));
  assert.is(readFileSync(`/proc/self/fd/${fd}`, 'utf8'), 'hello');
  assert.throws(() => writeSync(fd, 'x'), /EPERM/);
  assert.throws(() => writeFileSync(`/proc/self/fd/${fd}`, 'x'), /EPERM/);
});

test('who may only execute a program in memory cannot write or read it', () => {
  const programFd = F.memfdProgram('program');
  const fd = F.openToExecute(programFd);
  F.write(programFd, readFileSync('/bin/true'));
  assert.throws(() => writeSync(fd, 'x'), /EBADF/);
  assert.throws(() => readSync(fd, new Uint8Array(1)), /EBADF/);
  assert.is(fstatSync(fd).ino, fstatSync(programFd).ino);
  assert.ok(isClosedOnExec(fd));
});

test('a program in memory can be executed and not read', () => {
  const fd = F.memfdProgram('program');
  F.fillProgram(fd, Uint8Array.of(1));
  assert.is(fstatSync(fd).mode & 0o777, 0o111);
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

test('a message may bring a descriptor along, which is closed on execve', () => {
  const [near, far] = F.socketpair();
  const sent = F.memfdCreate('sent');
  F.write(sent, Uint8Array.of(7));
  sendDescriptor(far, Uint8Array.of(1, 2), sent);
  F.write(far, Uint8Array.of(3));
  const buffer = new Uint8Array(8);
  const { length, descriptor = -1 } = F.receiveWithFd(near, buffer);
  assert.equal([length, buffer[1], [...readFileSync(`/proc/self/fd/${descriptor}`)]], [2, 2, [7]]);
  assert.ok(isClosedOnExec(descriptor));
  assert.equal(F.receiveWithFd(near, buffer), { length: 1, descriptor: undefined });
});

// sendmsg(2) with SCM_RIGHTS.
function sendDescriptor(socket: number, message: Uint8Array, fd: number): void {
  const control = new Uint8Array(Uint32Array.of(20, 0, 1, 1, fd, 0).buffer);
  const vector = words64(addressOf(message), message.length);
  const header = words64(0, 0, addressOf(vector), 1, addressOf(control), control.length, 0);
  syscall('sendmsg', undefined, socket, header, 0);
}

test('nothing is received from a partner who has closed, be it with messages unread', () => {
  for (const unread of [false, true]) {
    const [near, far] = F.socketpair();
    if (unread) F.write(near, Uint8Array.of(1));
    F.close(far);
    assert.equal(F.receiveWithFd(near, new Uint8Array(8)), { length: 0, descriptor: undefined });
  }
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
