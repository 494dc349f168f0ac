// This process's memory by its addresses, and code in it.
import { libc } from './koffi.ts';
import { trySyscall } from './syscall.ts';

const memcpyTo = libc.func('void *memcpy(void *to, void *from, size_t size)') as (
  to: number,
  from: Uint8Array,
  size: number,
) => unknown;
const memcpyFrom = libc.func('void *memcpy(void *to, void *from, size_t size)') as (
  to: Uint8Array,
  from: number,
  size: number,
) => unknown;
const bsearch = libc.func('void *bsearch(void *key, void *base, size_t count, size_t size, void *compare)');

/** Writes bytes to an address. What is there must be writable memory. */
export function writeMemory(address: number, bytes: Uint8Array): void {
  memcpyTo(address, bytes, bytes.length);
}

/** The bytes at an address. */
export function readMemory(address: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  memcpyFrom(bytes, address, size);
  return bytes;
}

/**
 * Calls machine code at an address, with one argument, which must not be 0. It has to return an `int`, as a function of
 * the C library does: bsearch(3) calls it, for a list of one.
 */
export function callCode(code: number, argument: number): void {
  bsearch(argument, argument, 1, 1, code);
}

const sbrk = libc.func('uintptr_t sbrk(intptr_t change)') as (change: number) => number;
const brk = libc.func('int brk(void *end)') as (end: number | null) => number;
const malloc = libc.func('uintptr_t malloc(size_t size)') as (size: number) => number;
const free = libc.func('void free(uintptr_t address)');

const PAGE = 4096;
/** mmap(2): nobody reads or writes it; MAP_PRIVATE, MAP_ANONYMOUS and MAP_FIXED_NOREPLACE. */
const [PROT_NONE, AT_ADDRESS] = [0, 0x10_0022];
/** Below the size from which on malloc(3) asks the kernel each time. */
const LARGE = 100_000;
/** More than the heap ever has to spare. */
const MOST = 1000;

/**
 * From now on the C library's allocator doesn't rely on the end of its heap, brk(2): in a process where this memory lies
 * at its addresses the kernel knows another one. It's made so by not letting it grow once.
 * @throws Error if it stays there
 */
export function leaveHeap(): void {
  const end = sbrk(0);
  const guard = trySyscall('mmap', end, PAGE, PROT_NONE, AT_ADDRESS, -1, 0);
  const taken: number[] = [];
  // What mmap(2) gives lies above the heap.
  while ((taken.at(-1) ?? 0) < end && taken.length < MOST) taken.push(malloc(LARGE));
  for (const address of taken) free(address);
  if (guard > 0) trySyscall('munmap', guard, PAGE);
  if ((taken.at(-1) ?? 0) < end) throw new Error('the allocator stays in its heap');
}

/** The C library learns where the end of the heap is for the kernel, brk(2). */
export function findHeap(): void {
  brk(null);
}
