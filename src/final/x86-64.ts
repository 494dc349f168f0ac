// Machine code for x86_64: Intel SDM volume 2; system calls as in the System V x86-64 psABI, A.2.1. Opcodes of several
// bytes are written as the little-endian numbers that they are emitted as: 0x050f is 0f 05, `syscall`.
import { halves } from './bytes.ts';
import { Encoder, type Kept, type Label } from './encoder.ts';
import { type Address, checkOperand, type Operand } from './memory.ts';

export const RAX = 0;
/** rdi, rsi, rdx, r10, r8, r9. */
const ARGUMENTS = [7, 6, 2, 10, 8, 9] as const;
/** r12 to r15 and rbp: `syscall` overwrites rcx and r11, nothing else but the result. */
export const KEPT: Readonly<Record<Kept, number>> = { step: 12, reportFd: 13, status: 14, errno: 15, row: 5 };

/** 64-bit operand; the register number's fourth bit in the modrm byte's reg and rm fields. */
export const REX_W = 0x48;
export const REX_R = 4;
export const REX_B = 1;

export class X64Encoder extends Encoder {
  override syscall(number: number, args: readonly (Operand | Kept)[]): void {
    let index = 0;
    for (const arg of args) this.load(ARGUMENTS[index++] ?? tooMany(), arg);
    this.load(RAX, number);
    this.code.push(0x0f, 0x05);
  }

  override keep(kept: Kept, value: Operand | Kept | 'result'): void {
    if (value === 'result') this.move(KEPT[kept], RAX);
    else this.load(KEPT[kept], value);
  }

  override recall(kept: Kept): void {
    this.move(RAX, KEPT[kept]);
  }

  override store(address: Address): void {
    this.memory(REX_W, 0x89, RAX, address); // mov [address], rax
  }

  override storeReport(address: Address): void {
    this.memory(0x40, 0x89, KEPT.step, address); // mov [address], r12d
    this.emit(0xd8f7, 2); // neg eax
    this.memory(0x40, 0x89, RAX, address.plus(4));
  }

  override jump(label: Label): void {
    this.emit(0xe9, 1);
    this.noteJump(label);
    this.emit(0, 4);
  }

  override jumpIfFailed(label: Label): void {
    this.code.push(0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff); // cmp rax, -4095
    this.jumpOn(0x830f, label); // jae: unsigned, so -4095..-1 are the largest
  }

  override jumpIfResult(value: number, label: Label): void {
    this.emit(0x3d48, 2); // cmp rax, value
    this.emit(value, 4);
    this.jumpOn(0x840f, label);
  }

  override jumpIf(condition: 'zero' | 'negative', address: Address, label: Label): void {
    this.memory(REX_W, 0x83, 7, address); // cmp qword [address], 0
    this.emit(0, 1);
    this.jumpOn(condition === 'zero' ? 0x840f : 0x8c0f, label);
  }

  // rbx is not used otherwise.
  override markAgain(): void {
    this.code.push(0x48, 0x8d, 0x1d, 0xf9, 0xff, 0xff, 0xff); // lea rbx, [rip - 7]: this instruction
  }

  override jumpAgain(): void {
    this.code.push(0xff, 0xe3); // jmp rbx
  }

  override increment(kept: Kept): void {
    this.registers(0x40, 0xff, 0, KEPT[kept]); // inc
  }

  override keepRowStep(step: number): void {
    this.load(KEPT.step, step);
    this.code.push(0x44, 0x03, 0x65, 0x00); // add r12d, [rbp]
  }

  override nextRow(size: number, end: Address, label: Label): void {
    this.emit(0xc58148, 3); // add rbp, size
    this.emit(size, 4);
    this.emit(0xfd81, 2); // cmp ebp, end: addresses are below 2 GB
    this.noteAddress(end);
    this.code.push(0, 0, 0, 0);
    this.jumpOn(0x850f, label); // jne
  }

  override storeStep(address: Address): void {
    this.memory(0x40, 0x89, KEPT.step, address); // mov [address], r12d
  }

  override jumpIfStepIs(address: Address, label: Label): void {
    this.memory(0x40, 0x39, KEPT.step, address); // cmp [address], r12d
    this.jumpOn(0x840f, label);
  }

  protected override patchJump(view: DataView, at: number, target: number): void {
    view.setInt32(at, target - (at + 4), true); // relative to the end of the instruction
  }

  protected override patchAddress(view: DataView, at: number, value: number): void {
    view.setUint32(at, value, true);
  }

  protected jumpOn(opcode: number, label: Label): void {
    this.code.push(opcode, opcode >> 8);
    this.noteJump(label);
    this.code.push(0, 0, 0, 0);
  }

  /** Register ← operand. */
  protected load(register: number, value: Operand | Kept): void {
    if (typeof value === 'number' || typeof value === 'bigint') this.immediate(register, value);
    else if (typeof value === 'string') this.move(register, KEPT[value]);
    else if (value.kind === 'slot')
      this.memory(REX_W, 0x8b, register, value.address); // mov register, [address]
    else if (value.kind === 'reference')
      this.memory(REX_W, 0x63, register, value.address); // movsxd
    else if (value.kind === 'word') {
      this.code.push(register > 7 ? REX_W | REX_R : REX_W, 0x8b, 0x85 | ((register & 7) << 3)); // mov register, [rbp + offset]
      this.code.push(value.offset & 0xff, value.offset >> 8, 0, 0);
    } else {
      this.moveImmediate32(register);
      this.noteAddress(value);
      this.code.push(0, 0, 0, 0);
    }
  }

  /** Register ← number, in the shortest of four forms. */
  protected immediate(register: number, value: number | bigint): void {
    // Most numbers are small: they take the short way.
    if (typeof value === 'number' && value >>> 0 === value) {
      if (value === 0)
        this.registers(0x40, 0x31, register, register); // xor
      else if (register > 7)
        this.code.push(0x40 | REX_B, 0xb8 | (register & 7), value & 0xff, value >> 8, value >> 16, value >> 24);
      else this.code.push(0xb8 | register, value & 0xff, value >> 8, value >> 16, value >> 24); // the upper half becomes zero
      return;
    }
    checkOperand(value);
    const [low, high] = halves(value);
    if (high === 0) {
      this.moveImmediate32(register);
      this.emit(low, 4);
      return;
    }
    const isShort = high === 0xffffffff && low >= 0x80000000;
    this.emit(register > 7 ? REX_W | REX_B : REX_W, 1);
    if (isShort) this.emit(0xc7, 1); // mov register, sign-extended 32 bits
    this.emit((isShort ? 0xc0 : 0xb8) | (register & 7), 1);
    this.emit(low, 4);
    if (!isShort) this.emit(high, 4);
  }

  /** The opcode of `mov register, 32 bits`; the operand comes next. */
  protected moveImmediate32(register: number): void {
    if (register > 7) this.code.push(0x40 | REX_B, 0xb8 | (register & 7));
    else this.code.push(0xb8 | register);
  }

  protected move(to: number, from: number): void {
    this.registers(REX_W, 0x89, from, to);
  }

  /** An instruction on two registers. */
  protected registers(rex: number, opcode: number, reg: number, rm: number): void {
    const prefix = rex | (reg > 7 ? REX_R : 0) | (rm > 7 ? REX_B : 0);
    const modrm = 0xc0 | ((reg & 7) << 3) | (rm & 7);
    this.code.push(prefix, opcode, modrm);
  }

  /** An instruction on a register and the memory at a 32-bit absolute address. */
  protected memory(rex: number, opcode: number, reg: number, address: Address): void {
    const modrm = ((reg & 7) << 3) | 4; // an SIB byte follows: 0x25, no base, no index, 32-bit displacement
    this.code.push(rex | (reg > 7 ? REX_R : 0), opcode, modrm, 0x25);
    this.noteAddress(address);
    this.code.push(0, 0, 0, 0);
  }
}

function tooMany(): never {
  throw new Error('a system call takes at most 6 arguments');
}
