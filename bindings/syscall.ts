// Every system call goes through here: libc's syscall(2), declared once. Six word-sized arguments fit all calls, and
// one declaration costs less at start than one for each.
import { SyscallError } from './errno.ts';
import { koffi, libc } from './koffi.ts';
import { encodeName } from './names.ts';
import { type Architecture, type SyscallName, syscallNumber } from './syscalls.ts';

/** A word, or memory whose address is passed. */
export type Argument = number | bigint | Uint8Array | null;

export const architecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'x64';

const syscallFunction = libc.func(
  'long syscall(long number, void *a, void *b, void *c, void *d, void *e, void *f)',
) as (number: number, a: Argument, b: Argument, c: Argument, d: Argument, e: Argument, f: Argument) => number;

/** Makes a system call. Returns its result, or -errno when it failed. */
export function trySyscall(
  name: SyscallName,
  a: Argument = 0,
  b: Argument = 0,
  c: Argument = 0,
  d: Argument = 0,
  e: Argument = 0,
  f: Argument = 0,
): number {
  const result = syscallFunction(syscallNumber(name, architecture), a, b, c, d, e, f);
  // errno must be read before anything else runs: the engine's own calls overwrite it.
  return result === -1 ? -koffi.errno() : result;
}

/**
 * Makes a system call that must succeed.
 * @param path what the call was about, for the error: a path, a file system's option, a name.
 * @throws SyscallError
 */
export function syscall(name: SyscallName, path: string | undefined, ...args: Argument[]): number {
  const result = trySyscall(name, ...args);
  if (result < 0) throw new SyscallError(name, -result, path);
  return result;
}

/** The result of trySyscall, checked after the fact. */
export function check(name: SyscallName, result: number, path?: string): number {
  if (result < 0) throw new SyscallError(name, -result, path);
  return result;
}

/** A C string. A NUL inside would silently cut it off for the kernel, so it is refused. */
export function cString(text: string): Uint8Array {
  if (text.includes('\0')) throw new Error(`string with a NUL character: ${JSON.stringify(text)}`);
  return encodeName(`${text}\0`);
}

// An address alone doesn't keep its buffer: without this the engine could free it before the call, or while the
// structure around it is made. No call takes as many.
const reachable: Uint8Array[] = [];
const MAX_REACHABLE = 64;
let next = 0;

/** The address of a buffer, for structures that hold pointers. It's valid until 64 others were asked for. */
export function addressOf(buffer: Uint8Array): bigint {
  reachable[next] = buffer;
  next = (next + 1) % MAX_REACHABLE;
  return koffi.address(buffer);
}

/** A structure of 64-bit words, as clone_args, open_how and mount_attr are. */
export function words64(...values: (number | bigint)[]): Uint8Array {
  // BigUint64Array.from takes 30 µs at first.
  const view = new DataView(new ArrayBuffer(values.length * 8));
  let at = 0;
  for (const value of values) {
    if (typeof value === 'number' && value >>> 0 === value) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
    at += 8;
  }
  return new Uint8Array(view.buffer);
}
