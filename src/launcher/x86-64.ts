// The launcher's instructions for x86_64: Intel SDM volume 2.
import type { Kept, Label } from '../final/encoder.ts';
import type { Operand, Slot } from '../final/memory.ts';
import { KEPT, RAX, REX_B, REX_R, REX_W, X64Encoder } from '../final/x86-64.ts';
import type { Machine, Width } from './machine.ts';

const RSP = 4;
/** movzx of a byte, mov of 32 bits (the upper half becomes zero), mov. */
const LOAD = { 1: 0xb60f, 4: 0x8b, 8: 0x8b } as const;
const STORE = { 1: 0x88, 8: 0x89 } as const;

export class X64Machine extends X64Encoder implements Machine {
  stackPointer(to: Kept): void {
    this.move(KEPT[to], RSP);
  }

  loadAt(to: Kept, at: Kept, width: Width): void {
    this.pointed(width === 4 ? 0x40 : REX_W, LOAD[width], KEPT[to], KEPT[at]);
  }

  storeAt(at: Kept, from: Kept, width: 1 | 8): void {
    this.pointed(REX_W, STORE[width], KEPT[from], KEPT[at]);
  }

  save(to: Slot, from: Kept): void {
    this.memory(REX_W, 0x89, KEPT[from], to.address);
  }

  add(to: Kept, value: Operand | Kept): void {
    this.load(RAX, value);
    this.registers(REX_W, 0x01, RAX, KEPT[to]); // add to, rax
  }

  lowestDigit(to: Kept, from: Kept): void {
    this.move(RAX, KEPT[from]);
    this.emit(0x0fe083, 3); // and eax, 15
    this.move(KEPT[to], RAX);
  }

  dropDigit(register: Kept): void {
    this.registers(REX_W, 0xc1, 5, KEPT[register]); // shr register, 4
    this.emit(4, 1);
  }

  jumpIfEqual(register: Kept, value: Operand | Kept, label: Label): void {
    this.compare(register, value);
    this.jumpOn(0x840f, label);
  }

  jumpUnlessEqual(register: Kept, value: Operand | Kept, label: Label): void {
    this.compare(register, value);
    this.jumpOn(0x850f, label);
  }

  jumpIfAtMost(register: Kept, value: number, label: Label): void {
    this.registers(0x40, 0x83, 7, KEPT[register]); // cmp register, value
    this.code.push(value);
    this.jumpOn(0x8e0f, label); // jle
  }

  /**
   * Makes the system call of a row of eight words: its number, and its arguments but for the fifth, which is in a register.
   */
  callRow(row: Kept, fifth: Kept): void {
    this.pointed(REX_W, LOAD[8], RAX, KEPT[row]);
    [7, 6, 2, 10].forEach((register, index) => {
      this.pointed(REX_W, LOAD[8], register, KEPT[row], 8 + 8 * index); // rdi, rsi, rdx, r10
    });
    this.move(8, KEPT[fifth]);
    this.pointed(REX_W, LOAD[8], 9, KEPT[row], 48);
    this.code.push(0x0f, 0x05); // syscall
  }

  /** Goes on at an instruction, with another stack. */
  leaveFor(instruction: Kept, stack: Kept): void {
    this.move(RSP, KEPT[stack]);
    this.registers(0x40, 0xff, 4, KEPT[instruction]); // jmp instruction
  }

  private compare(register: Kept, value: Operand | Kept): void {
    this.load(RAX, value);
    this.registers(REX_W, 0x39, RAX, KEPT[register]); // cmp register, rax
  }

  /** An instruction on a register and the memory that another one, r12 to r15, points at. */
  private pointed(rex: number, opcode: number, register: number, pointer: number, distance = 0): void {
    this.emit(rex | (register > 7 ? REX_R : 0) | (pointer > 7 ? REX_B : 0), 1);
    this.emit(opcode, opcode > 0xff ? 2 : 1);
    this.emit(0x40 | ((register & 7) << 3) | (pointer & 7), 1); // an 8-bit displacement, which r13 can't do without
    if ((pointer & 7) === RSP) this.emit(0x24, 1); // r12 needs an SIB byte: no index
    this.emit(distance, 1);
  }
}
