// What the encoders of all architectures share: the growing code, its labels and the addresses still to be filled in.
import { GrowingBytes } from './bytes.ts';
import type { Address, Operand, Section } from './memory.ts';

/** Values that survive system calls in registers, so that a waiting program needs no page to keep them in. */
export type Kept = 'step' | 'reportFd' | 'status' | 'errno';

/** A label of the program by its name, or one that the assembler made. */
export type Label = string | number;

/** The address of each section's start. */
export type SectionAddresses = Readonly<Record<Section, number>>;

/** More than six 64-bit immediates take on any architecture, and the call itself. */
const LONGEST_SEQUENCE = 256;

/** Makes machine code. The "result" is the register that holds what the last system call returned. */
export abstract class Encoder extends GrowingBytes {
  private newLabels = 0;
  private readonly labels = new Map<Label, number>();
  private readonly jumps: { at: number; label: Label }[] = [];
  private readonly addresses: { at: number; address: Address }[] = [];

  constructor() {
    super(4096);
  }

  /** Makes a system call; it overwrites the result and the argument registers only. */
  abstract syscall(number: number, args: readonly (Operand | Kept)[]): void;
  /** Kept value ← operand or another kept value, or ← the result. */
  abstract keep(kept: Kept, value: Operand | Kept | 'result'): void;
  /** Result ← kept value. */
  abstract recall(kept: Kept): void;
  /** The 8 bytes at the address ← result. */
  abstract store(address: Address): void;
  /** The report (report.ts) at the address ← the kept step and the errno in the result. */
  abstract storeReport(address: Address): void;
  abstract jump(label: Label): void;
  /** Jumps if the result is in -4095..-1. */
  abstract jumpIfFailed(label: Label): void;
  /** Jumps if the result is this, from -4095 to 127. */
  abstract jumpIfResult(value: number, label: Label): void;
  /** Jumps if the 8 bytes at the address are zero or negative. */
  abstract jumpIf(condition: 'zero' | 'negative', address: Address, label: Label): void;
  protected abstract patchJump(view: DataView, at: number, target: number): void;
  protected abstract patchAddress(view: DataView, at: number, value: number): void;

  /** A label for the assembler's own use. */
  newLabel(): number {
    return this.newLabels++;
  }

  /** Puts a label here. */
  label(label: Label): void {
    if (this.labels.has(label)) throw new Error(`the label ${label} is there twice`);
    this.labels.set(label, this.length);
  }

  /** Fills in the jumps and the addresses; the code. */
  finish(sections: SectionAddresses): Uint8Array {
    for (const { at, label } of this.jumps) {
      const target = this.labels.get(label);
      if (target === undefined) throw new Error(`there is no label ${label}`);
      this.patchJump(this.view, at, target);
    }
    for (const { at, address } of this.addresses) {
      this.patchAddress(this.view, at, sections[address.section] + address.offset);
    }
    return this.bytes.subarray(0, this.length);
  }

  /** The jump that comes next goes to the label. */
  protected noteJump(label: Label): void {
    this.jumps.push({ at: this.length, label });
  }

  /** What comes next holds the address. */
  protected noteAddress(address: Address): void {
    this.addresses.push({ at: this.length, address });
  }

  /** Makes room for what one method emits; to be called before the first `emit`. */
  protected room(): void {
    this.reserveBytes(LONGEST_SEQUENCE);
  }

  /** Appends the lowest `size` bytes (up to 4) of a value, little-endian. */
  protected emit(value: number, size: number): void {
    this.view.setUint32(this.length, value, true); // what is too much is overwritten by the next
    this.length += size;
  }
}
