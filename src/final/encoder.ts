// What the encoders of all architectures share: the growing code, its labels and the addresses still to be filled in.
import type { Address, Operand, Section } from './memory.ts';

/** Values that survive system calls in registers, so that a waiting program needs no page to keep them in. */
export type Kept = 'step' | 'reportFd' | 'status' | 'errno';

/** A label of the program by its name, or one that the assembler made. */
export type Label = string | number;

/** The address of each section's start. */
export type SectionAddresses = Readonly<Record<Section, number>>;

/** Makes machine code. The "result" is the register that holds what the last system call returned. */
export abstract class Encoder {
  /** The lowest 8 bits of each number count. The interpreter is four times as fast with this as with a typed array. */
  protected readonly code: number[] = [];
  private newLabels = 0;
  private readonly labels = new Map<Label, number>();
  // Each is two lists, of places and of what is wanted there.
  private readonly jumps: number[] = [];
  private readonly jumpLabels: Label[] = [];
  private readonly uses: number[] = [];
  private readonly usedAddresses: Address[] = [];

  /** The code's length in bytes. */
  get length(): number {
    return this.code.length;
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
  /** Remembers this place for jumpAgain. */
  abstract markAgain(): void;
  /** Jumps to the place that was passed last of those marked. */
  abstract jumpAgain(): void;
  /** Kept value ← kept value + 1. */
  abstract increment(kept: Kept): void;
  /** Jumps if the kept value is at most this, from 0 to 127. */
  abstract jumpIfAtMost(kept: Kept, value: number, label: Label): void;
  /** The 4 bytes at the address ← the kept step. */
  abstract storeStep(address: Address): void;
  /** Jumps if the 4 bytes at the address are the kept step. */
  abstract jumpIfStepIs(address: Address, label: Label): void;
  protected abstract patchJump(view: DataView, at: number, target: number): void;
  protected abstract patchAddress(view: DataView, at: number, value: number): void;

  /** A label for the assembler's own use. */
  newLabel(): number {
    return this.newLabels++;
  }

  /** Puts a label here. */
  label(label: Label): void {
    if (this.labels.has(label)) throw new Error(`the label ${label} is there twice`);
    this.labels.set(label, this.code.length);
  }

  /** Fills in the jumps and the addresses; the code. */
  finish(sections: SectionAddresses): Uint8Array {
    const bytes = new Uint8Array(this.code);
    const view = new DataView(bytes.buffer);
    let index = 0;
    for (const at of this.jumps) {
      const label = this.jumpLabels[index++] ?? '';
      const target = this.labels.get(label);
      if (target === undefined) throw new Error(`there is no label ${label}`);
      this.patchJump(view, at, target);
    }
    index = 0;
    for (const { section, offset } of this.usedAddresses) {
      this.patchAddress(view, this.uses[index++] ?? 0, sections[section] + offset);
    }
    return bytes;
  }

  /** The jump that comes next goes to the label. */
  protected noteJump(label: Label): void {
    this.jumps.push(this.code.length);
    this.jumpLabels.push(label);
  }

  /** What comes next holds the address. */
  protected noteAddress(address: Address): void {
    this.uses.push(this.code.length);
    this.usedAddresses.push(address);
  }

  /** Appends the lowest `size` bytes (up to 4) of a value, little-endian. */
  protected emit(value: number, size: number): void {
    if (size === 4) this.code.push(value & 0xff, value >> 8, value >> 16, value >> 24);
    else if (size === 1) this.code.push(value);
    else if (size === 2) this.code.push(value, value >> 8);
    else this.code.push(value, value >> 8, value >> 16);
  }
}
