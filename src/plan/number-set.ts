// Lists of CPUs and memory nodes, "0-3,7", as the kernel's bit masks.

/** CONFIG_NR_CPUS is at most this (x86_64), and so is what can be told of memory nodes. */
export const MOST_NUMBERS = 8192;

/**
 * The numbers of a list that the rules have accepted, as a mask: bit 0 of byte 0 is number 0. Numbers that no kernel
 * has are left out.
 */
export function maskOf(list: string): Uint8Array {
  const mask = new Uint8Array(MOST_NUMBERS / 8);
  for (const part of list.split(',')) {
    const [first = Number.NaN, last = first] = part.split('-').map((text) => Number.parseInt(text, 10));
    for (let number = first; number <= Math.min(last, MOST_NUMBERS - 1); number++) {
      mask[number >> 3] = (mask[number >> 3] ?? 0) | (1 << (number & 7));
    }
  }
  return mask;
}
