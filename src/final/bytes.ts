// The bytes of each section of a final program's data. This runs in every creation of a container, in a cold
// interpreter, so this folder avoids what is slow at its first use there: Buffer, Math, Set, #private members and array
// methods that take a function.
import type { Section } from './memory.ts';
import { ROW_STEP, type RowWords } from './rows.ts';

/** Each section starts at a multiple of this, so it is also the largest alignment to ask for. */
export const MAX_ALIGNMENT = 64;

const utf8 = new TextEncoder();

/** A section's bytes, and in them pointers, whose targets get an address only when everything is laid out. */
export class SectionBytes {
  length = 0;
  private bytes = new Uint8Array(4096);
  private view = new DataView(this.bytes.buffer);
  private readonly pointers: { at: number; section: Section; offset: number }[] = [];

  /** Moves the end to a multiple of `unit` (a power of two) and returns it. */
  align(unit: number): number {
    this.length = (this.length + unit - 1) & -unit;
    return this.length;
  }

  /** Appends `data` at a multiple of `unit`; where it starts. */
  append(data: Uint8Array, unit: number): number {
    const start = this.align(unit);
    this.reserveBytes(data.length);
    this.bytes.set(data, start);
    this.length += data.length;
    return start;
  }

  /** Appends text as UTF-8 and a NUL; where it starts. */
  text(text: string): number {
    const start = this.length;
    this.reserveBytes(text.length * 3 + 1); // a UTF-16 unit makes at most 3 bytes of UTF-8
    this.length += utf8.encodeInto(text, this.bytes.subarray(start)).written + 1;
    return start;
  }

  /** Appends a number as an 8-byte word. */
  word(value: number | bigint): void {
    this.reserveBytes(8);
    if (typeof value === 'number' && value >>> 0 === value) this.view.setUint32(this.length, value, true);
    else {
      const [low, high] = halves(value);
      this.view.setUint32(this.length, low, true);
      this.view.setUint32(this.length + 4, high, true);
    }
    this.length += 8;
  }

  /** Appends an 8-byte pointer to a place in a section. */
  pointer(section: Section, offset: number): void {
    this.reserveBytes(8);
    this.pointers.push({ at: this.length, section, offset });
    this.length += 8;
  }

  /** Appends a table (rows.ts) of that size; where it starts. */
  table(rows: readonly RowWords[], size: number): number {
    const start = this.align(8);
    this.reserveBytes(size);
    const { view, pointers } = this;
    let at = start;
    let share = 0;
    for (const row of rows) {
      view.setUint32(at, share, true);
      share += ROW_STEP;
      for (const word of row) {
        at += 8;
        if (typeof word !== 'number') pointers.push({ at, section: word.section, offset: word.offset });
        else if (word >>> 0 !== word) throw new Error(`a row's word is a 32-bit number, not ${word}`);
        else view.setUint32(at, word, true);
      }
      at += 8;
    }
    this.length = at;
    return start;
  }

  /** Writes the bytes to `target` at `start`, with each section at its address. */
  copyTo(target: Uint8Array, start: number, addresses: Readonly<Record<Section, number>>): void {
    target.set(this.bytes.subarray(0, this.length), start);
    const view = new DataView(target.buffer, target.byteOffset + start);
    for (const { at, section, offset } of this.pointers) view.setUint32(at, addresses[section] + offset, true);
  }

  /** Makes sure that `more` bytes fit. */
  private reserveBytes(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(needed * 2);
    larger.set(this.bytes);
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}

/** The two 32-bit halves of a 64-bit integer, as unsigned numbers: [low, high]. */
export function halves(value: number | bigint): [number, number] {
  if (typeof value === 'bigint') return [Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn)];
  const low = value >>> 0;
  return [low, ((value - low) / 2 ** 32) >>> 0]; // exact in a double, so numbers up to 2^53 need no BigInt
}
