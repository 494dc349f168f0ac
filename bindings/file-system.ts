// Whole files, folders and what is known of them, by system calls. The names and arguments are node:fs's, whose loading
// takes a millisecond: more than all that a command like `state` does.
import * as K from './constants.ts';
import { SyscallError } from './errno.ts';
import { decodeName } from './names.ts';
import { type Argument, cString, trySyscall } from './syscall.ts';
import type { SyscallName } from './syscalls.ts';

const [EINTR, EEXIST] = [4, 17];
const CHUNK = 16384;

/** open(2)'s flags for node's names of them. */
const FLAGS: Readonly<Record<string, number>> = {
  r: K.O_RDONLY,
  'r+': K.O_RDWR,
  w: K.O_WRONLY | K.O_CREAT | K.O_TRUNC,
  wx: K.O_WRONLY | K.O_CREAT | K.O_EXCL,
  a: K.O_WRONLY | K.O_CREAT | K.O_APPEND,
};

export type Encoding = 'utf8' | 'latin1';

/** A call that must succeed, again if a signal interrupts it. `name` is what the error calls it. */
function must(name: string, path: string | undefined, call: SyscallName, ...args: Argument[]): number {
  for (;;) {
    const result = trySyscall(call, ...args);
    if (result >= 0) return result;
    if (result !== -EINTR) throw new SyscallError(name, -result, path);
  }
}

/** open(2). O_CLOEXEC is always set. Returns a descriptor. */
export function openSync(path: string, flags: number | string, mode = 0o666): number {
  const number = typeof flags === 'number' ? flags : (FLAGS[flags] ?? K.O_RDONLY);
  return must('open', path, 'openat', K.AT_FDCWD, cString(path), number | K.O_CLOEXEC, mode);
}

/** close(2); the descriptor is gone, whatever the result. */
export function closeSync(fd: number): void {
  trySyscall('close', fd);
}

/** read(2), or pread(2) with a position. Returns how many bytes it was; 0 is the end. */
export function readSync(fd: number, buffer: Uint8Array, offset = 0, length = buffer.length - offset, at = -1): number {
  const part = buffer.subarray(offset, offset + length);
  if (at < 0) return must('read', undefined, 'read', fd, part, length);
  return must('read', undefined, 'pread64', fd, part, length, at);
}

/** write(2), or pwrite(2) with a position. Returns how many bytes were written. */
export function writeSync(fd: number, data: Uint8Array, offset = 0, length = data.length - offset, at = -1): number {
  const part = data.subarray(offset, offset + length);
  if (at < 0) return must('write', undefined, 'write', fd, part, length);
  return must('write', undefined, 'pwrite64', fd, part, length, at);
}

/** The rest of an open file, or all of a file. */
export function readFileSync(file: string | number): Uint8Array<ArrayBuffer>;
export function readFileSync(file: string | number, encoding: Encoding): string;
export function readFileSync(file: string | number, encoding?: Encoding): string | Uint8Array {
  const bytes = typeof file === 'number' ? readAll(file, undefined) : readPath(file);
  return encoding === undefined ? own(bytes) : encoding === 'utf8' ? utf8.decode(bytes) : latin1(bytes);
}

function readPath(path: string): Uint8Array<ArrayBuffer> {
  const fd = openSync(path, K.O_RDONLY);
  try {
    return readAll(fd, path);
  } finally {
    closeSync(fd);
  }
}

/** The rest of an open file, at most `most` bytes of it: for files that may be endless. `path` is for the error. */
export function readUpTo(fd: number, most: number, path?: string): Uint8Array<ArrayBuffer> {
  return own(readAll(fd, path, most));
}

/** Most files fit in here: memory that is new costs a page fault for each 4 kB. */
const shared = new Uint8Array(CHUNK);

function own(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.buffer === shared.buffer ? bytes.slice() : bytes;
}

// Files of /proc and /sys don't know their sizes. What is returned may be overwritten by the next file.
function readAll(fd: number, path: string | undefined, most = Number.POSITIVE_INFINITY): Uint8Array<ArrayBuffer> {
  let bytes = shared;
  for (let length = 0; ; ) {
    const room = Math.min(bytes.length, most) - length;
    const count = must('read', path, 'read', fd, bytes.subarray(length), room);
    if (count === 0) return bytes.subarray(0, length);
    length += count;
    if (length < bytes.length) continue;
    const larger = new Uint8Array(bytes.length * 4);
    larger.set(bytes);
    bytes = larger;
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Each byte as one character, so that none is lost. */
function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    // Not by spreading: that takes a step of the interpreter for each byte.
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + CHUNK) as unknown as number[]);
  }
  return text;
}

const encoder = new TextEncoder();

/** Writes a file. Some of /proc and /sys take a value in one write(2) only, so it's one unless the kernel takes less. */
export function writeFileSync(
  path: string,
  data: string | Uint8Array,
  { mode = 0o666, flag = 'w' }: { mode?: number; flag?: 'w' | 'wx' | 'a' } = {},
): void {
  const bytes = typeof data === 'string' ? encoder.encode(data) : data;
  const fd = openSync(path, flag, mode);
  try {
    let done = 0;
    do done += must('write', path, 'write', fd, bytes.subarray(done), bytes.length - done);
    while (done < bytes.length);
  } finally {
    closeSync(fd);
  }
}

/** Whether something is there: access(2), F_OK. */
export function existsSync(path: string): boolean {
  return trySyscall('faccessat', K.AT_FDCWD, cString(path), 0) === 0;
}

/** readlink(2). */
export function readlinkSync(path: string): string {
  const buffer = new Uint8Array(4096);
  const length = must('readlink', path, 'readlinkat', K.AT_FDCWD, cString(path), buffer, buffer.length);
  return decodeName(buffer.subarray(0, length));
}

/** The path without links, "." and "..": what the kernel calls the file once it's open. */
export function realpathSync(path: string): string {
  const fd = openSync(path, K.O_PATH);
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

/** mkdir(2); recursive: with what is missing above it, and it may be there already. */
export function mkdirSync(path: string, { mode = 0o777, recursive = false } = {}): void {
  if (!recursive) {
    must('mkdir', path, 'mkdirat', K.AT_FDCWD, cString(path), mode);
    return;
  }
  const result = trySyscall('mkdirat', K.AT_FDCWD, cString(path), mode);
  if (result === 0 || (result === -EEXIST && isDirectory(path))) return;
  const parent = path.replace(/\/+[^/]*\/*$/, '');
  // ENOENT: the folder above is missing. A relative path has no slash at last, and the root has nothing above it.
  if (result !== -2 || parent === path || parent === '') throw new SyscallError('mkdir', -result, path);
  mkdirSync(parent, { mode, recursive });
  // Not again as above: in /proc the folder above is there, and it's ENOENT all the same.
  const second = trySyscall('mkdirat', K.AT_FDCWD, cString(path), mode);
  if (second < 0 && !(second === -EEXIST && isDirectory(path))) throw new SyscallError('mkdir', -second, path);
}

function isDirectory(path: string): boolean {
  const fd = trySyscall('openat', K.AT_FDCWD, cString(path), K.O_PATH | K.O_DIRECTORY | K.O_CLOEXEC, 0);
  if (fd >= 0) closeSync(fd);
  return fd >= 0;
}

/** unlink(2). */
export function unlinkSync(path: string): void {
  must('unlink', path, 'unlinkat', K.AT_FDCWD, cString(path), 0);
}

/** rmdir(2). */
export function rmdirSync(path: string): void {
  must('rmdir', path, 'unlinkat', K.AT_FDCWD, cString(path), K.AT_REMOVEDIR);
}

/** rename(2). */
export function renameSync(from: string, to: string): void {
  must('rename', from, 'renameat', K.AT_FDCWD, cString(from), K.AT_FDCWD, cString(to));
}

/** fchmod(2). */
export function fchmodSync(fd: number, mode: number): void {
  must('fchmod', undefined, 'fchmod', fd, mode);
}

/** fchown(2). */
export function fchownSync(fd: number, uid: number, gid: number): void {
  must('fchown', undefined, 'fchown', fd, uid, gid);
}
