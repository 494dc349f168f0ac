// What the encoders of all architectures share: the growing code, its labels and the addresses still to be filled in.
import type { Address, Operand, Section } from './memory.ts';

/** Values that survive system calls in registers, so that a waiting program needs no page to keep them in. */
export type Kept = 'step' | 'reportFd' | 'status' | 'errno' | 'row';

/** A label of the program by its name, or one that the assembler made. */
export type Label = string | number;

/** The address of each section's start. */
export type SectionAddresses = Readonly<Record<Section, number>>;

/** Numbers of 8 bytes. */
const MOST_CODE = 900;

/** Makes machine code. The "result" is the register that holds what the last system call returned. */
export abstract class Encoder {
  /** The lowest 8 bits of each number count. The interpreter is four times as fast with this as with a typed array. */
  protected code: number[] = [];
  // But once it takes more than 8 kB, the engine gets memory for it from the kernel: it's emptied into this before.
  private bytes = new Uint8Array(8192);
  private flushed = 0;
  private newLabels = 0;
  private readonly labels = new Map<Label, number>();
  // Each is two lists, of places and of what is wanted there.
  private readonly jumps: number[] = [];
  private readonly jumpLabels: Label[] = [];
  private readonly uses: number[] = [];
  private readonly usedAddresses: Address[] = [];

  /** The code's length in bytes. */
  get length(): number {
    return this.flushed + this.code.length;
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
  /** The kept step ← a number and what the current row adds to it, its first 4 bytes. */
  abstract keepRowStep(step: number): void;
  /** Kept row ← kept row + size (below 4096); jumps unless that is the end. */
  abstract nextRow(size: number, end: Address, label: Label): void;
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
    this.labels.set(label, this.here());
  }

  /** Fills in the jumps and the addresses; the code. */
  finish(sections: SectionAddresses): Uint8Array {
    this.flush();
    const bytes = this.bytes.subarray(0, this.flushed);
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
    this.jumps.push(this.here());
    this.jumpLabels.push(label);
  }

  /** What comes next holds the address. */
  protected noteAddress(address: Address): void {
    this.uses.push(this.here());
    this.usedAddresses.push(address);
  }

  /** Appends the lowest `size` bytes (up to 4) of a value, little-endian. */
  protected emit(value: number, size: number): void {
    if (size === 4) this.code.push(value & 0xff, value >> 8, value >> 16, value >> 24);
    else if (size === 1) this.code.push(value);
    else if (size === 2) this.code.push(value, value >> 8);
    else this.code.push(value, value >> 8, value >> 16);
  }

  /** The place of what comes next. */
  private here(): number {
    if (this.code.length > MOST_CODE) this.flush();
    return this.flushed + this.code.length;
  }

  private flush(): void {
    const length = this.length;
    if (length > this.bytes.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes.set(this.code, this.flushed);
    this.flushed = length;
    this.code = [];
  }
}
