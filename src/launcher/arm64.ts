// The launcher's instructions for arm64: Arm Architecture Reference Manual (DDI 0487), C6.2.
import { Arm64Encoder, EQUAL, KEPT, NOT_EQUAL, SCRATCH } from '../final/arm64.ts';
import type { Kept, Label } from '../final/encoder.ts';
import type { Operand, Slot } from '../final/memory.ts';
import type { Machine, Width } from './machine.ts';

const LOAD = { 1: 0x39400000, 4: 0xb9400000, 8: 0xf9400000 } as const;
const GREATER = 12;
const STORE = { 1: 0x39000000, 8: 0xf9000000 } as const;

export class Arm64Machine extends Arm64Encoder implements Machine {
  stackPointer(to: Kept): void {
    this.emit(0x910003e0 | KEPT[to], 4); // mov to, sp
  }

  loadAt(to: Kept, at: Kept, width: Width): void {
    this.emit(LOAD[width] | (KEPT[at] << 5) | KEPT[to], 4);
  }

  storeAt(at: Kept, from: Kept, width: 1 | 8): void {
    this.emit(STORE[width] | (KEPT[at] << 5) | KEPT[from], 4);
  }

  save(to: Slot, from: Kept): void {
    this.address(SCRATCH, to.address);
    this.emit(0xf9000000 | (SCRATCH << 5) | KEPT[from], 4); // str from, [x9]
  }

  add(to: Kept, value: Operand | Kept): void {
    this.load(SCRATCH, value);
    this.emit(0x8b000000 | (SCRATCH << 16) | (KEPT[to] << 5) | KEPT[to], 4);
  }

  lowestDigit(to: Kept, from: Kept): void {
    this.emit(0x92400c00 | (KEPT[from] << 5) | KEPT[to], 4); // and to, from, #15
  }

  dropDigit(register: Kept): void {
    this.emit(0xd344fc00 | (KEPT[register] << 5) | KEPT[register], 4); // lsr register, register, #4
  }

  jumpIfEqual(register: Kept, value: Operand | Kept, label: Label): void {
    this.compare(register, value);
    this.jumpUnless(NOT_EQUAL, label);
  }

  jumpUnlessEqual(register: Kept, value: Operand | Kept, label: Label): void {
    this.compare(register, value);
    this.jumpUnless(EQUAL, label);
  }

  jumpIfAtMost(register: Kept, value: number, label: Label): void {
    this.emit(0x7100001f | (value << 10) | (KEPT[register] << 5), 4); // cmp register, value
    this.jumpUnless(GREATER, label);
  }

  private compare(register: Kept, value: Operand | Kept): void {
    this.load(SCRATCH, value);
    this.emit(0xeb00001f | (SCRATCH << 16) | (KEPT[register] << 5), 4); // cmp register, x9
  }
}
