// The arguments of D-Bus messages, put together and read piece by piece: the functions of sd-bus(3) that take a whole
// signature have variable arguments.
import { SyscallError } from './errno.ts';
import { libc } from './koffi.ts';
import type { Library } from './libsystemd.ts';
import { cString } from './syscall.ts';

/** A value, as its D-Bus signature says: arrays and structures as arrays; a variant with its signature before it. */
export type BusValue = string | number | bigint | boolean | Uint8Array | readonly BusValue[];

/** Functions of the library return -errno. */
export function check(call: string, result: number, what?: string): number {
  if (result < 0) throw new SyscallError(call, -result, what);
  return result;
}

/** The single complete types of a signature: `sa(sv)` is `s` and `a(sv)`. */
export function splitSignature(signature: string): string[] {
  const types: string[] = [];
  for (let start = 0; start < signature.length; ) {
    const end = endOfType(signature, start);
    types.push(signature.slice(start, end));
    start = end;
  }
  return types;
}

function endOfType(signature: string, start: number): number {
  if (signature[start] === 'a') return endOfType(signature, start + 1);
  if (signature[start] !== '(') return start + 1;
  let index = start + 1;
  while (signature[index] !== ')') {
    if (index >= signature.length) throw new Error(`D-Bus signature ${signature} has no end`);
    index = endOfType(signature, index);
  }
  return index + 1;
}

const SIZES: Readonly<Record<string, number>> = { y: 1, b: 4, i: 4, u: 4, x: 8, t: 8, d: 8 };
const code = (type: string): number => type.charCodeAt(0);

interface Typed<Value = BusValue> {
  /** The value's signature. */
  type: string;
  value: Value;
}

/** sd_bus_message_append(3): adds an argument to a message. */
export function append(library: Library, message: number, { type, value }: Typed): void {
  const { appendBasic, appendArray } = library;
  if (value instanceof Uint8Array) {
    check('sd_bus_message_append_array', appendArray(message, code('y'), value, value.length));
  } else if (Array.isArray(value)) {
    appendContainer(library, message, { type, value });
  } else {
    const bytes = typeof value === 'string' ? cString(value) : encode(type, value as number | bigint | boolean);
    check('sd_bus_message_append_basic', appendBasic(message, code(type), bytes), type);
  }
}

// A variant is [signature, value].
function appendContainer(library: Library, message: number, { type, value: values }: Typed<readonly BusValue[]>): void {
  const { openContainer, closeContainer } = library;
  const add = (member: string, value: BusValue = '') => append(library, message, { type: member, value });
  const [first = ''] = values;
  const [kind = '', contents] =
    type === 'v' ? ['v', String(first)] : type.startsWith('a') ? ['a', type.slice(1)] : ['r', type.slice(1, -1)];
  check('sd_bus_message_open_container', openContainer(message, code(kind), contents ?? ''), type);
  if (kind === 'v') add(contents ?? '', values[1]);
  else if (kind === 'a') for (const value of values) add(contents ?? '', value);
  else for (const [index, member] of splitSignature(contents ?? '').entries()) add(member, values[index]);
  check('sd_bus_message_close_container', closeContainer(message), type);
}

function encode(type: string, value: number | bigint | boolean): Uint8Array {
  const size = SIZES[type];
  if (size === undefined) throw new Error(`no D-Bus type of numbers: ${type}`);
  const view = new DataView(new ArrayBuffer(8));
  if (type === 'd') view.setFloat64(0, Number(value), true);
  else view.setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true);
  return new Uint8Array(view.buffer, 0, size);
}

/** sd_bus_message_read(3): strings, object paths, numbers, and a variant of one of these, whose signature follows: `vs`. */
export function read(library: Library, message: number, type: string): string | bigint {
  const { readBasic, enterContainer } = library;
  if (type.startsWith('v')) {
    check('sd_bus_message_enter_container', enterContainer(message, code('v'), type.slice(1)), type);
    return read(library, message, type.slice(1));
  }
  const slot = new BigUint64Array(1);
  check('sd_bus_message_read_basic', readBasic(message, code(type), new Uint8Array(slot.buffer)), type);
  const word = slot[0] ?? 0n;
  return type === 's' || type === 'o' ? stringAt(Number(word)) : word;
}

let memory: { strlen(at: number): number; memcpy(to: Uint8Array, from: number, size: number): number } | undefined;

/** The C string at an address. */
export function stringAt(address: number): string {
  if (address === 0) return '';
  memory ??= {
    strlen: libc.func('size_t strlen(uintptr_t text)'),
    memcpy: libc.func('void *memcpy(void *to, uintptr_t from, size_t size)'),
  };
  const bytes = new Uint8Array(memory.strlen(address));
  memory.memcpy(bytes, address, bytes.length);
  return new TextDecoder().decode(bytes);
}
