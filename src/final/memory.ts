// What a final program's operands can name: places in its memory, and the values found there.

/**
 * The parts of a final program's memory. `constant` lies beside the code. `bulk` is read-only too, but in a segment of
 * its own: the first touch of a file page maps up to 16 neighbours of its segment (fault_around_bytes in the kernel's
 * mm/memory.c), and a waiting program must not be charged for a container's megabytes of environment.
 */
export type Section = 'constant' | 'bulk' | 'writable' | 'zeroed';

/** A place in the program's memory. As an operand: its absolute address. */
export class Address {
  readonly kind = 'address';
  constructor(
    readonly section: Section,
    readonly offset: number,
  ) {}

  /** The place `bytes` further on. */
  plus(bytes: number): Address {
    return new Address(this.section, this.offset + bytes);
  }
}

/** An 8-byte variable. As an operand: the value it has when the call is made. */
export class Slot {
  readonly kind = 'slot';
  constructor(readonly address: Address) {}
}

/** A C `int` in memory, e.g. one of the two that pipe2(2) writes. As an operand: its value, sign-extended. */
export class Reference {
  readonly kind = 'reference';
  constructor(readonly address: Address) {}
}

/** The 8 bytes of the current row (rows.ts) at a distance from its start. As an operand: their value. */
export class Word {
  readonly kind = 'word';
  constructor(readonly offset: number) {}
}

/** An argument of a system call: a 64-bit immediate (negatives are sign-extended), an address or a run-time value. */
export type Operand = number | bigint | Address | Slot | Reference | Word;

/** The address of a slot, for calls that read or write it through a pointer. */
export function slotAddress(slot: Slot): Address {
  return slot.address;
}

/** Refuses an immediate that isn't a 64-bit integer, so that the mistake shows where it is made. */
export function checkOperand(operand: Operand): void {
  if (typeof operand === 'number') {
    if (!Number.isSafeInteger(operand)) throw new Error(`not an exact integer: ${operand}`);
  } else if (typeof operand === 'bigint' && (operand < -(2n ** 63n) || operand >= 2n ** 64n)) {
    throw new Error(`not a 64-bit integer: ${operand}`);
  }
}
