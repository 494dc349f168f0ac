// What is known of a file, and what is in a folder: statx(2), statfs(2), getdents64(2). Names and arguments are node:fs's.
import * as K from './constants.ts';
import { SyscallError } from './errno.ts';
import { closeSync, openSync } from './file-system.ts';
import { decodeName } from './names.ts';
import { cString, trySyscall } from './syscall.ts';

const STATX_SIZE = 256;
const STATX_BASIC_STATS = 0x7ff;

/** What statx(2) says. Devices are numbers as makedev(3) makes them. */
export class Stats {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly ino: number;
  readonly size: number;
  readonly rdev: number;
  readonly dev: number;
  readonly #view: DataView;

  constructor(view: DataView) {
    this.#view = view;
    this.uid = view.getUint32(20, true);
    this.gid = view.getUint32(24, true);
    this.mode = view.getUint16(28, true);
    this.ino = Number(view.getBigUint64(32, true));
    this.size = Number(view.getBigUint64(40, true));
    this.rdev = deviceNumber(view.getUint32(128, true), view.getUint32(132, true));
    this.dev = deviceNumber(view.getUint32(136, true), view.getUint32(140, true));
  }

  /** When the file or what is known of it was changed last, `seconds.nanoseconds`. */
  get ctime(): string {
    return `${this.#view.getBigInt64(96, true)}.${this.#view.getUint32(104, true)}`;
  }

  /** The 8-byte words at some places of struct statx(2). */
  words(places: readonly number[]): bigint[] {
    return places.map((at) => this.#view.getBigUint64(at, true));
  }

  isDirectory(): boolean {
    return this.#is(K.S_IFDIR);
  }

  isFile(): boolean {
    return this.#is(K.S_IFREG);
  }

  isSymbolicLink(): boolean {
    return this.#is(K.S_IFLNK);
  }

  isCharacterDevice(): boolean {
    return this.#is(K.S_IFCHR);
  }

  isFIFO(): boolean {
    return this.#is(K.S_IFIFO);
  }

  #is(type: number): boolean {
    return (this.mode & K.S_IFMT) === type;
  }
}

// By sums: a bit operation would make the largest negative.
function deviceNumber(major: number, minor: number): number {
  return (minor & 0xff) + (major & 0xfff) * 2 ** 8 + (minor >>> 8) * 2 ** 20;
}

function statx(name: string, dirFd: number, path: string, flags: number): Stats {
  const buffer = new Uint8Array(STATX_SIZE);
  const result = trySyscall('statx', dirFd, cString(path), flags, STATX_BASIC_STATS, buffer);
  if (result < 0) throw new SyscallError(name, -result, path === '' ? undefined : path);
  return new Stats(new DataView(buffer.buffer));
}

/** stat(2). */
export function statSync(path: string): Stats {
  return statx('stat', K.AT_FDCWD, path, 0);
}

/** lstat(2): of a symbolic link itself. */
export function lstatSync(path: string): Stats {
  return statx('lstat', K.AT_FDCWD, path, K.AT_SYMLINK_NOFOLLOW);
}

/** fstat(2). */
export function fstatSync(fd: number): Stats {
  return statx('fstat', fd, '', K.AT_EMPTY_PATH);
}

const STATFS_SIZE = 120;

/** statfs(2): the flags of the mount that a path is on, ST_RDONLY and so on. */
export function statfs(path: string): { flags: number } {
  const buffer = new Uint8Array(STATFS_SIZE);
  const result = trySyscall('statfs', cString(path), buffer);
  if (result < 0) throw new SyscallError('statfs', -result, path);
  return { flags: new DataView(buffer.buffer).getUint32(80, true) };
}

/** An entry of a folder. */
export interface Entry {
  name: string;
  isDirectory(): boolean;
  isFile(): boolean;
}

const DT_UNKNOWN = 0;
const DT_DIR = 4;
const DT_REG = 8;

/** The entries of a folder, without "." and "..". */
export function readdirSync(path: string): string[];
export function readdirSync(path: string, options: { withFileTypes: true }): Entry[];
export function readdirSync(path: string, options?: { withFileTypes: true }): (string | Entry)[] {
  const fd = openSync(path, K.O_RDONLY | K.O_DIRECTORY);
  try {
    const entries = readEntries(fd, path);
    return options === undefined ? entries.map(({ name }) => name) : entries;
  } finally {
    closeSync(fd);
  }
}

// struct linux_dirent64: d_ino, d_off, d_reclen at 16, d_type at 18, d_name at 19.
function readEntries(fd: number, path: string): Entry[] {
  const buffer = new Uint8Array(32768);
  const view = new DataView(buffer.buffer);
  const entries: Entry[] = [];
  for (;;) {
    const length = trySyscall('getdents64', fd, buffer, buffer.length);
    if (length < 0) throw new SyscallError('getdents64', -length, path);
    if (length === 0) return entries;
    for (let at = 0; at < length; at += view.getUint16(at + 16, true)) {
      const name = decodeName(buffer.subarray(at + 19, buffer.indexOf(0, at + 19)));
      if (name !== '.' && name !== '..') entries.push(entry(path, name, buffer[at + 18] ?? DT_UNKNOWN));
    }
  }
}

// Not every file system keeps the types in its folders.
function entry(folder: string, name: string, type: number): Entry {
  const stat = type === DT_UNKNOWN ? lstatSync(`${folder}/${name}`) : undefined;
  return {
    name,
    isDirectory: () => stat?.isDirectory() ?? type === DT_DIR,
    isFile: () => stat?.isFile() ?? type === DT_REG,
  };
}
