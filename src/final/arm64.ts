// Machine code for arm64: Arm Architecture Reference Manual (DDI 0487), C6.2; system calls as in syscall(2).
import { halves } from './bytes.ts';
import { Encoder, type Kept, type Label } from './encoder.ts';
import { type Address, checkOperand, type Operand } from './memory.ts';

export const RESULT = 0;
const NUMBER = 8;
export const SCRATCH = 9;
const SCRATCH_2 = 10;
/** x19 to x22 and x24; `svc` overwrites nothing but the result. */
export const KEPT: Readonly<Record<Kept, number>> = { step: 19, reportFd: 20, status: 21, errno: 22, row: 24 };
/** Survives too. */
const AGAIN = 23;

/** How far an unconditional branch reaches, in bytes. */
const BRANCH_RANGE = 2 ** 27;

export const EQUAL = 0;
export const NOT_EQUAL = 1;
const LOWER = 3;
const GREATER_OR_EQUAL = 10;

export class Arm64Encoder extends Encoder {
  override syscall(number: number, args: readonly (Operand | Kept)[]): void {
    let register = 0;
    for (const arg of args) this.load(register++, arg);
    this.load(NUMBER, number);
    this.emit(0xd4000001, 4); // svc #0
  }

  override keep(kept: Kept, value: Operand | Kept | 'result'): void {
    if (value === 'result') this.move(KEPT[kept], RESULT);
    else this.load(KEPT[kept], value);
  }

  override recall(kept: Kept): void {
    this.move(RESULT, KEPT[kept]);
  }

  override store(address: Address): void {
    this.address(SCRATCH, address);
    this.emit(0xf9000000 | (SCRATCH << 5) | RESULT, 4); // str x0, [x9]
  }

  override storeReport(address: Address): void {
    this.address(SCRATCH, address);
    this.emit(0xb9000000 | (SCRATCH << 5) | KEPT.step, 4); // str w19, [x9]
    this.emit(0x4b0003e0 | (RESULT << 16) | SCRATCH_2, 4); // neg w10, w0
    this.emit(0xb9000400 | (SCRATCH << 5) | SCRATCH_2, 4); // str w10, [x9, #4]
  }

  override jump(label: Label): void {
    this.noteJump(label);
    this.emit(0x14000000, 4); // b label
  }

  override jumpIfFailed(label: Label): void {
    this.emit(0xb13ffc1f, 4); // cmn x0, #4095: carries, so is not "lower", for -4095..-1
    this.jumpUnless(LOWER, label);
  }

  override jumpIfResult(value: number, label: Label): void {
    if (value < 0)
      this.emit(0xb100001f | (-value << 10), 4); // cmn x0, #-value
    else this.emit(0xf100001f | (value << 10), 4); // cmp x0, #value
    this.jumpUnless(NOT_EQUAL, label);
  }

  override jumpIf(condition: 'zero' | 'negative', address: Address, label: Label): void {
    this.memory(0xf9400000, SCRATCH, address); // ldr x9
    this.emit(0xf100001f | (SCRATCH << 5), 4); // cmp x9, #0
    this.jumpUnless(condition === 'zero' ? NOT_EQUAL : GREATER_OR_EQUAL, label);
  }

  override markAgain(): void {
    this.emit(0x10000000 | AGAIN, 4); // adr x23, .
  }

  override jumpAgain(): void {
    this.emit(0xd61f0000 | (AGAIN << 5), 4); // br x23
  }

  override increment(kept: Kept): void {
    this.emit(0x11000400 | (KEPT[kept] << 5) | KEPT[kept], 4); // add kept, kept, #1
  }

  override keepRowStep(step: number): void {
    this.load(KEPT.step, step);
    this.emit(0xb9400000 | (KEPT.row << 5) | SCRATCH, 4); // ldr w9, [x24]
    this.emit(0x0b000000 | (SCRATCH << 16) | (KEPT.step << 5) | KEPT.step, 4); // add w19, w19, w9
  }

  override nextRow(size: number, end: Address, label: Label): void {
    this.emit(0x91000000 | (size << 10) | (KEPT.row << 5) | KEPT.row, 4); // add x24, x24, size
    this.address(SCRATCH, end);
    this.emit(0xeb00001f | (SCRATCH << 16) | (KEPT.row << 5), 4); // cmp x24, x9
    this.jumpUnless(EQUAL, label);
  }

  override storeStep(address: Address): void {
    this.address(SCRATCH, address);
    this.emit(0xb9000000 | (SCRATCH << 5) | KEPT.step, 4); // str w19, [x9]
  }

  override jumpIfStepIs(address: Address, label: Label): void {
    this.address(SCRATCH, address);
    this.emit(0xb9400000 | (SCRATCH << 5) | SCRATCH, 4); // ldr w9, [x9]
    this.emit(0x6b00001f | (KEPT.step << 16) | (SCRATCH << 5), 4); // cmp w9, w19
    this.jumpUnless(NOT_EQUAL, label);
  }

  protected override patchJump(view: DataView, at: number, target: number): void {
    const distance = target - at;
    if (distance >= BRANCH_RANGE || distance < -BRANCH_RANGE) throw new Error('the program is too long for a branch');
    view.setUint32(at, 0x14000000 | ((distance >> 2) & 0x3ffffff), true);
  }

  protected override patchAddress(view: DataView, at: number, value: number): void {
    view.setUint32(at, view.getUint32(at, true) | ((value & 0xffff) << 5), true);
    view.setUint32(at + 4, view.getUint32(at + 4, true) | ((value >>> 16) << 5), true);
  }

  /** Conditional branches reach only 1 MB, so a short one with the opposite condition skips an unconditional one. */
  protected jumpUnless(condition: number, label: Label): void {
    this.emit(0x54000040 | condition, 4); // b.condition to the instruction after the next
    this.jump(label);
  }

  /** Register ← operand. */
  protected load(register: number, value: Operand | Kept): void {
    if (typeof value === 'number' || typeof value === 'bigint') this.immediate(register, value);
    else if (typeof value === 'string') this.move(register, KEPT[value]);
    else if (value.kind === 'slot')
      this.memory(0xf9400000, register, value.address); // ldr x
    else if (value.kind === 'reference')
      this.memory(0xb9800000, register, value.address); // ldrsw x
    else if (value.kind === 'word')
      this.emit(0xf9400000 | ((value.offset / 8) << 10) | (KEPT.row << 5) | register, 4); // ldr x, [x24 + offset]
    else this.address(register, value);
  }

  /** Register ← number, 16 bits at a time; what movz sets to zeros, or movn to ones, needs no movk. */
  protected immediate(register: number, value: number | bigint): void {
    checkOperand(value);
    const [low, high] = halves(value);
    const rest = high === 0xffffffff ? 0xffff : 0;
    this.emit(rest === 0 ? movz(register, low & 0xffff) : movn(register, ~low & 0xffff), 4);
    if (low >>> 16 !== rest) this.emit(movk(register, low >>> 16, 1), 4);
    if ((high & 0xffff) !== rest) this.emit(movk(register, high & 0xffff, 2), 4);
    if (high >>> 16 !== rest) this.emit(movk(register, high >>> 16, 3), 4);
  }

  /** Register ← address, always in two instructions: addresses are below 4 GB. */
  protected address(register: number, address: Address): void {
    this.noteAddress(address);
    this.emit(movz(register, 0), 4);
    this.emit(movk(register, 0, 1), 4);
  }

  /** A load of the register from memory; the register itself holds the address first. */
  private memory(instruction: number, register: number, address: Address): void {
    this.address(register, address);
    this.emit(instruction | (register << 5) | register, 4);
  }

  protected move(to: number, from: number): void {
    this.emit(0xaa0003e0 | (from << 16) | to, 4); // mov to, from
  }
}

const movz = (register: number, part: number): number => 0xd2800000 | (part << 5) | register;
const movn = (register: number, part: number): number => 0x92800000 | (part << 5) | register;
const movk = (register: number, part: number, index: number): number =>
  0xf2800000 | (index << 21) | (part << 5) | register;
