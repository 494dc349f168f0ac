// Streams that may have to be waited for: several at once, poll(2), without ever being held up by one.
import * as K from './constants.ts';
import { check, cString, trySyscall } from './syscall.ts';

const EINTR = -4;
const EAGAIN = -11;

export interface Watched {
  fd: number;
  /** POLLIN, POLLOUT. */
  events: number;
}

/**
 * ppoll(2), as long as it takes.
 * @returns for each descriptor whether something of what was asked for has come, or it's hung up or in error
 */
export function poll(watched: Watched[]): boolean[] {
  const entries = new DataView(new ArrayBuffer(watched.length * 8));
  watched.forEach(({ fd, events }, i) => {
    entries.setInt32(i * 8, fd, true);
    entries.setInt16(i * 8 + 4, events, true);
  });
  const result = trySyscall('ppoll', new Uint8Array(entries.buffer), watched.length, null, null, 0);
  if (result !== EINTR) check('ppoll', result);
  return watched.map((_, i) => entries.getInt16(i * 8 + 6, true) !== 0);
}

/**
 * read(2) once.
 * @returns the number of bytes; 0 at the end, also if reading fails (a terminal hangs up with EIO); undefined if there's
 * nothing at the moment
 */
export function readSome(fd: number, buffer: Uint8Array): number | undefined {
  const count = trySyscall('read', fd, buffer, buffer.length);
  if (count === EAGAIN || count === EINTR) return undefined;
  return Math.max(count, 0);
}

/**
 * write(2) once.
 * @returns the number of bytes, which may be 0; undefined if nobody will ever take them
 */
export function writeSome(fd: number, data: Uint8Array): number | undefined {
  const count = trySyscall('write', fd, data, data.length);
  if (count === EAGAIN || count === EINTR) return 0;
  return count < 0 ? undefined : count;
}

const F_GETFL = 3;
const F_SETFL = 4;

/** fcntl(F_SETFL): calls on it don't wait any more, for all who share the open file. */
export function setNonblocking(fd: number): void {
  const flags = check('fcntl', trySyscall('fcntl', fd, F_GETFL));
  check('fcntl', trySyscall('fcntl', fd, F_SETFL, flags | K.O_NONBLOCK));
}

/**
 * Opens what a descriptor refers to once more, for writing without waiting: the caller's own open file, which others
 * share, stays as it is.
 * @returns a descriptor; undefined where that can't be, as for a socket
 */
export function reopenNonblocking(fd: number): number | undefined {
  const flags = K.O_WRONLY | K.O_NONBLOCK | K.O_NOCTTY | K.O_CLOEXEC;
  const opened = trySyscall('openat', K.AT_FDCWD, cString(`/proc/self/fd/${fd}`), flags, 0);
  return opened < 0 ? undefined : opened;
}
