// Files and descriptors: openat2, mknodat, memfd, sockets and locks. Plain files: file-system.ts, stat.ts.

import * as K from './constants.ts';
import { fchmodSync, openSync } from './file-system.ts';
import { type Argument, addressOf, check, cString, syscall, trySyscall, words64 } from './syscall.ts';

export interface OpenHow {
  flags: number;
  mode?: number;
  resolve?: number;
}

/** openat2(2). O_CLOEXEC is always set. Returns a descriptor. */
export function openat2(dirFd: number, path: string, { flags, mode = 0, resolve = 0 }: OpenHow): number {
  return check('openat2', tryOpenat2(dirFd, path, { flags, mode, resolve }), path);
}

/** openat2(2); -errno instead of an exception. */
export function tryOpenat2(dirFd: number, path: string, { flags, mode = 0, resolve = 0 }: OpenHow): number {
  const how = words64(flags | K.O_CLOEXEC, mode, resolve);
  for (;;) {
    const result = trySyscall('openat2', dirFd, cString(path), how, how.length);
    // A rename anywhere on the host makes a scoped lookup of ".." give up with EAGAIN: openat2(2) says try again.
    if (result !== -11) return result;
  }
}

/** mkdirat(2); an existing entry is not an error. Returns whether it was made. */
export function mkdirat(dirFd: number, name: string, mode: number): boolean {
  const result = trySyscall('mkdirat', dirFd, cString(name), mode);
  if (result === -17) return false;
  check('mkdirat', result, name);
  return true;
}

/** mknodat(2). `device` is makedev(3)'s number, 0 for a FIFO or regular file. */
export function mknodat(dirFd: number, name: string, mode: number, device = 0): void {
  syscall('mknodat', name, dirFd, cString(name), mode, device);
}

/** symlinkat(2). */
export function symlinkat(target: string, dirFd: number, name: string): void {
  syscall('symlinkat', name, cString(target), dirFd, cString(name));
}

/** fchmodat(2) on an entry of a directory; follows symbolic links, so only for entries just made. */
export function fchmodat(dirFd: number, name: string, mode: number): void {
  syscall('fchmodat', name, dirFd, cString(name), mode);
}

/** fchownat(2), without following a symbolic link. -1 leaves an id as it is. */
export function fchownat(dirFd: number, name: string, uid: number, gid: number): void {
  syscall('fchownat', name, dirFd, cString(name), uid, gid, K.AT_SYMLINK_NOFOLLOW);
}

/** flock(2). Throws EAGAIN when LOCK_NB is given and another holds the lock. */
export function flock(fd: number, operation: number): void {
  syscall('flock', undefined, fd, operation);
}

/** fcntl(F_SETFD): whether a descriptor is closed by execve. */
export function setCloseOnExec(fd: number, closeOnExec: boolean): void {
  syscall('fcntl', undefined, fd, K.F_SETFD, closeOnExec ? 1 : 0);
}

/** close_range(2) from `first` to the end, only marking as close-on-exec. */
export function closeOnExecFrom(first: number): void {
  syscall('close_range', undefined, first, 0xffffffff, K.CLOSE_RANGE_CLOEXEC);
}

/** memfd_create(2) for data. Returns a descriptor. */
export function memfdCreate(name: string): number {
  return syscall('memfd_create', name, cString(name), K.MFD_CLOEXEC);
}

/**
 * memfd_create(2) for a program that fillProgram writes later.
 * MFD_EXEC is asked for first: since Linux 6.3 the sysctl vm.memfd_noexec may make anything else not executable.
 */
export function memfdProgram(name: string): number {
  const flags = K.MFD_CLOEXEC | K.MFD_ALLOW_SEALING;
  let fd = trySyscall('memfd_create', cString(name), flags | K.MFD_EXEC);
  if (fd === -22) fd = trySyscall('memfd_create', cString(name), flags);
  return check('memfd_create', fd, name);
}

/** A descriptor of a program that can only be executed (O_PATH), not written as long as it's not sealed. */
export function openToExecute(programFd: number): number {
  return openSync(`/proc/self/fd/${programFd}`, K.O_PATH | K.O_CLOEXEC);
}

/**
 * Writes a program into its memfd and seals it against any change. It can be executed, but not read: the kernel does
 * not let the root of a user namespace trace a process whose program it may not read (ptrace(2), execve(2)).
 */
export function fillProgram(fd: number, content: Uint8Array): void {
  write(fd, content);
  fchmodSync(fd, 0o111);
  syscall('fcntl', 'seal', fd, K.F_ADD_SEALS, K.F_SEAL_ALL);
}

/** socketpair(AF_UNIX, SOCK_SEQPACKET): messages keep their boundaries. Returns both ends. */
export function socketpair(): [number, number] {
  const fds = new Int32Array(2);
  syscall('socketpair', undefined, K.AF_UNIX, K.SOCK_SEQPACKET | K.SOCK_CLOEXEC, 0, new Uint8Array(fds.buffer));
  return [fds[0] ?? -1, fds[1] ?? -1];
}

/** read(2) again until it isn't interrupted; 0 is the end. Unlike node:fs it does not insist on a file position. */
export function read(fd: number, buffer: Uint8Array): number {
  for (;;) {
    const count = trySyscall('read', fd, buffer, buffer.length);
    if (count !== -4) return check('read', count);
  }
}

/**
 * recvmsg(2): a message, and a descriptor that came with it (SCM_RIGHTS, unix(7)), closed on exec. Length 0 is the end.
 */
export function receiveWithFd(fd: number, buffer: Uint8Array): { length: number; descriptor: number | undefined } {
  const control = new Uint8Array(24);
  const vector = words64(addressOf(buffer), buffer.length);
  const header = words64(0, 0, addressOf(vector), 1, addressOf(control), control.length, 0);
  for (;;) {
    const length = trySyscall('recvmsg', fd, header, K.MSG_CMSG_CLOEXEC);
    // ECONNRESET: the partner ended without reading all. It's told once; what it had said before can still be read.
    if (length === -4 || length === -104) continue;
    check('recvmsg', length);
    const view = new DataView(control.buffer);
    return { length, descriptor: view.getUint32(0, true) === 20 ? view.getInt32(16, true) : undefined };
  }
}

/** write(2) of a whole message. */
export function write(fd: number, data: Uint8Array): void {
  const written = syscall('write', undefined, fd, data, data.length);
  if (written !== data.length) throw new Error('short write');
}

/** close(2). */
export function close(fd: number): void {
  trySyscall('close', fd);
}

/**
 * ppoll(2) for readability.
 * @param fds descriptors to watch
 * @param timeoutMs -1 waits for ever
 * @returns for each descriptor whether it's readable, hung up or in error
 */
export function pollReadable(fds: number[], timeoutMs = -1): boolean[] {
  const entries = new DataView(new ArrayBuffer(fds.length * 8));
  fds.forEach((fd, i) => {
    entries.setInt32(i * 8, fd, true);
    entries.setInt16(i * 8 + 4, K.POLLIN, true);
  });
  const memory = new Uint8Array(entries.buffer);
  const timeout: Argument =
    timeoutMs < 0 ? null : words64(Math.trunc(timeoutMs / 1000), Math.trunc((timeoutMs % 1000) * 1e6));
  const result = trySyscall('ppoll', memory, fds.length, timeout, null, 0);
  if (result !== -4) check('ppoll', result);
  return fds.map((_, i) => entries.getInt16(i * 8 + 6, true) !== 0);
}
