// The data of a final program: strings, structures, pointer arrays, variables, each placed in a section.
import { MAX_ALIGNMENT, SectionBytes } from './bytes.ts';
import { Address, Reference, Slot } from './memory.ts';
import type { RowWords } from './rows.ts';

/** Text and arrays from this size on go to the bulk section. */
const BULK = 1024;
/** Structures above this size do; the largest that must stay is a seccomp filter of BPF_MAXINSNS (4096) instructions. */
const LARGEST_STRUCTURE = 32768;
const LARGEST_RESERVE = 2 ** 28;

/** The data part of a program. */
export class Data {
  readonly constant = new SectionBytes();
  readonly bulk = new SectionBytes();
  readonly writable = new SectionBytes();
  /** How many bytes of zeroed memory were reserved. */
  zeroedSize = 0;
  private readonly strings = new Map<string, Address>();

  /** A NUL-terminated UTF-8 string, read-only; equal strings share one place. */
  string(text: string): Address {
    const known = this.strings.get(text);
    if (known !== undefined) return known;
    refuseNul(text);
    const section = text.length < BULK ? 'constant' : 'bulk';
    const address = new Address(section, this[section].text(text));
    this.strings.set(text, address);
    return address;
  }

  /** Read-only bytes, e.g. a structure that a call reads. */
  bytes(data: Uint8Array, align = 8): Address {
    const section = data.length <= LARGEST_STRUCTURE ? 'constant' : 'bulk';
    return new Address(section, this[section].append(data, alignment(align)));
  }

  /** Read-only bytes that are not touched before the program has waited. */
  bulkBytes(data: Uint8Array, align = 8): Address {
    return new Address('bulk', this.bulk.append(data, alignment(align)));
  }

  /** Bytes that a call may write to. */
  writableBytes(data: Uint8Array, align = 8): Address {
    return new Address('writable', this.writable.append(data, alignment(align)));
  }

  /** A read-only array of 8-byte words: addresses, null pointers, numbers (so also an iovec or a sock_fprog). */
  pointers(list: readonly (Address | null | number | bigint)[]): Address {
    const section = list.length * 8 < BULK ? 'constant' : 'bulk';
    const bytes = this[section];
    const start = bytes.align(8);
    for (const item of list) {
      if (item instanceof Address) bytes.pointer(item.section, item.offset);
      else bytes.word(item ?? 0);
    }
    return new Address(section, start);
  }

  /** A table for a loop (rows.ts): the words of each row, behind what it adds to the number of a report. */
  protected table(rows: readonly RowWords[], size: number): Address {
    const section = rows.length * size < BULK ? 'constant' : 'bulk';
    return new Address(section, this[section].table(rows, rows.length * size));
  }

  /**
   * Strings and the NULL-terminated array of pointers to them: argv or envp of execve(2). Use this for them rather than
   * `string` and `pointers`: it keeps them apart from what is touched before the program waits.
   * @param more places of further strings, which the program fills in itself
   */
  stringArray(list: readonly string[], more: readonly Address[] = []): Address {
    const bytes = this.bulk;
    const offsets: number[] = [];
    for (const text of list) offsets.push(bytes.text(refuseNul(text)));
    const start = bytes.align(8);
    for (const offset of offsets) bytes.pointer('bulk', offset);
    for (const { section, offset } of more) bytes.pointer(section, offset);
    bytes.word(0);
    return new Address('bulk', start);
  }

  /** Zeroed, writable memory, aligned for any C type; costs a page only once something is written to it. */
  reserve(size: number): Address {
    if (!Number.isSafeInteger(size) || size < 0 || size > LARGEST_RESERVE)
      throw new Error(`cannot reserve ${size} bytes`);
    const start = (this.zeroedSize + 15) & ~15;
    this.zeroedSize = start + size;
    return new Address('zeroed', start);
  }

  /** An 8-byte variable, 0 at the start. */
  slot(): Slot {
    return new Slot(this.reserve(8));
  }

  /** A variable at a place in writable memory, e.g. the descriptor inside an SCM_RIGHTS message (unix(7)). */
  slotAt(address: Address): Slot {
    if (address.section !== 'zeroed' && address.section !== 'writable') throw new Error('a slot must be writable');
    return new Slot(address);
  }

  /** The C `int` at a place, as an operand. */
  intAt(address: Address): Reference {
    return new Reference(address);
  }
}

/** Checks an alignment. */
function alignment(unit: number): number {
  if (unit >= 1 && unit <= MAX_ALIGNMENT && (unit & (unit - 1)) === 0) return unit;
  throw new Error(`cannot align to ${unit}: not a power of two up to ${MAX_ALIGNMENT}`);
}

function refuseNul(text: string): string {
  if (text.includes('\0')) throw new Error(`a string for the kernel cannot hold a NUL byte: ${JSON.stringify(text)}`);
  return text;
}
