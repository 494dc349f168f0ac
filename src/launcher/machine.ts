// What the launcher needs of a machine beyond the straight lists of calls that src/final assembles: loops over memory.
import type { Encoder, Kept, Label } from '../final/encoder.ts';
import type { Operand, Slot } from '../final/memory.ts';

/** Registers that survive system calls: the encoder's kept values, by names that fit here. */
export const A: Kept = 'step';
export const B: Kept = 'reportFd';
export const C: Kept = 'status';
export const D: Kept = 'errno';

/** How many bytes a load or store moves; what is loaded is zero-extended. */
export type Width = 1 | 4 | 8;

/** Instructions on registers and memory. They may overwrite the result. */
export interface Machine extends Encoder {
  /** `to` ← the stack pointer as the kernel has set it. */
  stackPointer(to: Kept): void;
  /** `to` ← memory at `at`. */
  loadAt(to: Kept, at: Kept, width: Width): void;
  /** Memory at `at` ← `from`. */
  storeAt(at: Kept, from: Kept, width: 1 | 8): void;
  /** `to` ← `to` + an operand or a register. */
  add(to: Kept, value: Operand | Kept): void;
  /** The variable ← `from`. */
  save(to: Slot, from: Kept): void;
  /** `to` ← the lowest four bits of `from`. */
  lowestDigit(to: Kept, from: Kept): void;
  /** `register` ← `register` shifted right by four bits. */
  dropDigit(register: Kept): void;
  /** Jumps if the register holds that value. */
  jumpIfEqual(register: Kept, value: Operand | Kept, label: Label): void;
  /** Jumps if it doesn't. */
  jumpUnlessEqual(register: Kept, value: Operand | Kept, label: Label): void;
  /** Jumps if the register's lower half, as a signed number, is at most this, from 0 to 127. */
  jumpIfAtMost(register: Kept, value: number, label: Label): void;
}
