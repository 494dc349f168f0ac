// What the launcher needs to do an `exec` again that was done before (src/launcher/exec.ts): in one of a few files in the
// container's folder, as the next key for it comes.
import * as K from '../../bindings/constants.ts';
import { closeSync, openSync, unlinkSync, writeSync } from '../../bindings/file-system.ts';
import { toRuntimeError } from '../errors.ts';
import {
  KEPT,
  KEPT_FILES,
  KEPT_HEADER_SIZE,
  KEPT_MAGIC,
  KEPT_SIZE,
  KEY_KIND,
  KEY_SIZE,
  PASSWD,
} from './kept-exec-layout.ts';
import { folderOf } from './store.ts';

export interface KeptExec {
  /** A digest of what runts was built from. */
  sources: bigint;
  key: Uint8Array;
  caller: CallerFacts;
  /** Links below /proc, and what they say. */
  links: [path: string, target: string][];
  pid: number;
  startTime: string;
  /** What HOME was found in. */
  passwd: 'unused' | 'absent' | bigint[];
  /** The host's uid. */
  pipeOwner: number | undefined;
  fds: { sync: number; pidfd: number; root: number | undefined; cgroup: number | undefined };
  cgroup: string | undefined;
  lastStart: number;
  hasFilter: boolean;
  program: Uint8Array;
}

/** What the program depends on of who calls. */
export interface CallerFacts {
  uid: number;
  umask: number;
  openFiles: { soft: bigint; hard: bigint };
  permitted: bigint;
  bounding: bigint;
  lastCapability: number;
}

/** The key of words behind the container's id. */
export function keyOfWords(words: readonly string[]): Uint8Array {
  return keyOf(KEY_KIND.words, encoder.encode(words.map((word) => `${word}\0`).join('')));
}

/** The key of what the file of --process has. */
export function keyOfFile(content: Uint8Array): Uint8Array {
  return keyOf(KEY_KIND.file, content);
}

const encoder = new TextEncoder();

function keyOf(kind: number, content: Uint8Array): Uint8Array {
  const key = new Uint8Array(8 + content.length);
  key[0] = kind;
  key.set(content, 8);
  return key;
}

/** The file for a key: by the sum of the hexadecimal digits of the sum of its 32-bit words. */
export function fileOfKey(key: Uint8Array): string {
  const padded = new Uint8Array((key.length + 7) & ~7);
  padded.set(key);
  const view = new DataView(padded.buffer);
  let words = 0;
  for (let at = 0; at < padded.length; at += 4) words += view.getUint32(at, true);
  let digits = 0;
  for (; words > 0; words = Math.floor(words / 16)) digits += words % 16;
  return KEPT_FILES[digits % KEPT_FILES.length] ?? '';
}

/** The content of the file; nothing if it's too large for the launcher. */
export function keptBytes(kept: KeptExec): Uint8Array | undefined {
  const { key, caller, fds, program } = kept;
  if (key.length >= KEY_SIZE) return undefined;
  const file = new Parts();
  file.number(KEPT.sources, kept.sources);
  file.bytes(KEPT.key, key);
  file.number(KEPT.keySize, key.length);
  writeCaller(file, caller);
  file.bytes(KEPT.links, encoder.encode(`${kept.links.map(([path, target]) => `${path}\0${target}\0`).join('')}\0`));
  file.number(KEPT.pid, kept.pid);
  file.text(KEPT.pidText, String(kept.pid));
  file.text(KEPT.startTime, kept.startTime);
  writePasswd(file, kept.passwd);
  file.number(KEPT.pipeOwner, BigInt.asUintN(64, BigInt(kept.pipeOwner ?? -1)));
  file.number(KEPT.syncFd, fds.sync);
  file.number(KEPT.pidfd, fds.pidfd);
  file.number(KEPT.rootFd, fds.root ?? 0);
  file.number(KEPT.cgroupFd, fds.cgroup ?? 0);
  file.text(KEPT.rootPath, `/proc/${kept.pid}/root`);
  file.text(KEPT.cgroupPath, kept.cgroup ?? '');
  file.number(KEPT.lastStart, kept.lastStart);
  file.number(KEPT.hasFilter, kept.hasFilter ? 1 : 0);
  file.bytes(KEPT.program, program);
  file.number(KEPT.programSize, program.length);
  return file.finish();
}

function writeCaller(file: Parts, caller: CallerFacts): void {
  const { openFiles, permitted, bounding, lastCapability } = caller;
  file.number(KEPT.uid, caller.uid);
  file.number(KEPT.umask, caller.umask);
  file.number(KEPT.openFiles[0], openFiles.soft);
  file.number(KEPT.openFiles[1], openFiles.hard);
  file.number(KEPT.permitted[0], permitted & 0xffffffffn);
  file.number(KEPT.permitted[1], permitted >> 32n);
  let digits = '';
  for (let number = 0; number <= lastCapability; number++) digits += (bounding >> BigInt(number)) & 1n ? '1' : '0';
  file.text(KEPT.bounding, digits);
}

function writePasswd(file: Parts, passwd: KeptExec['passwd']): void {
  if (typeof passwd === 'string') {
    file.number(KEPT.passwd, PASSWD[passwd]);
    return;
  }
  file.number(KEPT.passwd, PASSWD.present);
  file.bytes(KEPT.passwdWords, new Uint8Array(BigUint64Array.from(passwd).buffer));
}

/** Numbers in the header, parts at multiples of 8 behind it, with zeros up to the next. */
class Parts {
  #bytes = new Uint8Array(16384);
  #length = KEPT_HEADER_SIZE;

  number(at: number, value: number | bigint): void {
    new DataView(this.#bytes.buffer).setBigUint64(at, BigInt(value), true);
  }

  text(at: number, text: string): void {
    this.bytes(at, encoder.encode(`${text}\0`));
  }

  bytes(at: number, bytes: Uint8Array): void {
    const start = this.#length;
    this.#length = (start + bytes.length + 7) & ~7;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(this.#length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, start);
    this.number(at, start);
  }

  finish(): Uint8Array | undefined {
    this.number(KEPT.magic, KEPT_MAGIC);
    this.number(KEPT.size, this.#length);
    if (this.#length >= KEPT_SIZE) return undefined;
    let sum = 0;
    for (let words = new Uint32Array(this.#bytes.buffer, 0, this.#length / 4), at = 0; at < words.length; at++)
      sum += words[at] ?? 0;
    this.number(KEPT.sum, BigInt.asUintN(64, -BigInt(sum)));
    return this.#bytes.subarray(0, this.#length);
  }
}

/**
 * Leaves a kept exec in the container's folder, in place of what is in the same file. The magic number is written last,
 * and nobody else writes into a file that was made here. It's a cache: what fails is nothing to anybody.
 */
export function saveKeptExec(root: string, id: string, kept: KeptExec): void {
  const bytes = keptBytes(kept);
  if (bytes === undefined) return;
  const path = `${folderOf(root, id)}/${fileOfKey(kept.key)}`;
  attempt(() => unlinkSync(path));
  attempt(() => {
    const fd = openSync(path, K.O_WRONLY | K.O_CREAT | K.O_EXCL, 0o600);
    try {
      const rest = bytes.length - 8;
      if (writeSync(fd, bytes, 8, rest, 8) === rest) writeSync(fd, bytes, 0, 8, 0);
    } finally {
      closeSync(fd);
    }
  });
}

function attempt(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (toRuntimeError(error) === undefined) throw error;
  }
}
