// Small pieces of control flow, made of the machine's instructions: loops, text, system calls.
import { type Architecture, type SyscallName, syscallNumber } from '../../bindings/syscalls.ts';
import type { Data } from '../final/data.ts';
import type { Kept, Label } from '../final/encoder.ts';
import type { Operand, Slot } from '../final/memory.ts';
import type { Machine } from './machine.ts';

/** A machine with its data, and what is built of its instructions. */
export class Flow {
  constructor(
    readonly machine: Machine,
    readonly data: Data,
    readonly architecture: Architecture,
  ) {}

  call(name: SyscallName, args: (Operand | Kept)[]): void {
    this.machine.syscall(syscallNumber(name, this.architecture), args);
  }

  /** A call whose failure leads to a label. */
  callOr(failed: Label, name: SyscallName, args: (Operand | Kept)[]): void {
    this.call(name, args);
    this.machine.jumpIfFailed(failed);
  }

  /** Repeats a body until that jumps to `done`. */
  loop(body: (done: Label) => void): void {
    const { machine } = this;
    const [next, done] = [machine.newLabel(), machine.newLabel()];
    machine.label(next);
    body(done);
    machine.jump(next);
    machine.label(done);
  }

  /** Copies text up to its NUL, which `to` points at then. Overwrites `character`. */
  copyText(to: Kept, from: Kept, character: Kept): void {
    const { machine } = this;
    this.loop((done) => {
      machine.loadAt(character, from, 1);
      machine.storeAt(to, character, 1);
      machine.jumpIfEqual(character, 0, done);
      machine.add(to, 1);
      machine.add(from, 1);
    });
  }

  /** Jumps unless the text at a pointer is this one. Overwrites the pointer and `character`. */
  expectText(pointer: Kept, text: string, character: Kept, otherwise: Label): void {
    for (const expected of `${text}\0`) {
      this.machine.loadAt(character, pointer, 1);
      this.machine.jumpUnlessEqual(character, expected.charCodeAt(0), otherwise);
      this.machine.add(pointer, 1);
    }
  }

  /** Jumps unless the texts at two pointers are the same, which are behind them then. Overwrites the others. */
  expectSameText(one: Kept, other: Kept, [character, second]: readonly [Kept, Kept], otherwise: Label): void {
    const { machine } = this;
    this.loop((done) => {
      machine.loadAt(character, one, 1);
      machine.loadAt(second, other, 1);
      machine.jumpUnlessEqual(character, second, otherwise);
      machine.add(one, 1);
      machine.add(other, 1);
      machine.jumpIfEqual(character, 0, done);
    });
  }

  /** The result becomes a variable's value. Overwrites a register. */
  saveResult(to: Slot, register: Kept): void {
    this.machine.keep(register, 'result');
    this.machine.save(to, register);
  }

  exit(code: number | Kept): void {
    this.call('exit_group', [code]);
  }
}
