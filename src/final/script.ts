// A program with names: each call knows what it's for, so that a reported number becomes an error in words.
import * as K from '../../bindings/constants.ts';
import type { SyscallName } from '../../bindings/syscalls.ts';
import { RuntimeError } from '../errors.ts';
import type { Event } from './event.ts';
import type { Address, Operand, Slot } from './memory.ts';
import { type CallOptions, Program } from './program.ts';
import { REPORT_SIZE } from './report.ts';
import { MAX_ROWS, ROW_STEP, type Row, type RowWords } from './rows.ts';
import { type Hints, type NotedStep, type RowEvent, type Rows, type Step, stepAt, type Words } from './steps.ts';

const FORK_HINTS = { EPERM: 'a user without privileges needs a user namespace: spec --rootless writes such a config' };

export interface NamedCallOptions extends CallOptions {
  /** What the call is about, for the error: a path, an option. */
  path?: Words | undefined;
  hints?: Hints | undefined;
  /** What to ask the runtime for when something is missing (ENOENT), before the call is made again. */
  ask?: RowEvent | undefined;
}

export const ENOENT = 2;

/** As many descriptors may pile up until execve(2) closes them all. It's more than a usual container needs. */
const PILE = 200;

/** The event "started" carries a pid: 8 bytes more. */
export const STARTED_SIZE = 16;

/** Builds a program whose steps have names. */
export class Script {
  readonly program = new Program();
  /** Number in a report → what it stands for. 0 is not used: a report's zero errno is what makes it an event. */
  readonly steps: (NotedStep | undefined)[] = [undefined];
  // Replaced, never changed: steps share them.
  private doing: Words[] = [];
  private readonly outer: Words[][] = [];
  private rows: Rows | undefined;
  private readonly postponed: (() => void)[] = [];
  private labels = 0;
  private piled = 0;
  private control: Address | undefined;

  /**
   * @param syncFd the socket to the runtime
   * @param mostPiled how many descriptors that are not needed any longer may stay open
   */
  constructor(
    readonly syncFd: number,
    private readonly mostPiled = PILE,
  ) {
    this.program.reportTo(syncFd);
  }

  /** What is built in `build` is part of something that has a name. */
  within(name: Words, build: () => void): void {
    this.begin(name);
    build();
    this.end();
  }

  /** The same for what follows, up to its `end`: an interpreter that is new to a function takes 10 µs for it. */
  begin(name: Words): void {
    this.outer.push(this.doing);
    this.doing = this.doing.concat(name);
  }

  /** Ends what was begun last. */
  end(): void {
    this.doing = this.outer.pop() ?? [];
  }

  /** A system call; a failure is reported with its name unless the options say otherwise. */
  call(name: SyscallName, args: readonly Operand[], options: NamedCallOptions = {}): void {
    const { path, hints, ask } = options;
    options.step = this.noteCall(name, path, hints);
    if (ask !== undefined) {
      this.noteEvent(ask);
      options.again = 'ask';
    }
    this.program.call(name, args, options);
  }

  /**
   * Program.forEach: what `build` adds is done for each row of a table. Words that are not the same for all rows are made
   * by functions, of the row's index, once they are needed.
   */
  forEach(rows: readonly RowWords[], build: (row: Row) => void): void {
    for (let from = 0; from < rows.length; from += MAX_ROWS) {
      const part = rows.length <= MAX_ROWS ? rows : rows.slice(from, from + MAX_ROWS);
      this.rows = { from, count: part.length };
      this.program.forEach(part, build);
      this.rows = undefined;
    }
  }

  /** Becomes the first of some programs that can be executed: Program.execFirst. */
  execFirst(candidates: readonly string[], argv: Address, envp: Address, hints?: Hints): void {
    const path = candidates[candidates.length - 1];
    this.program.execFirst(candidates, argv, envp, this.noteCall('execve', path, hints));
  }

  /** A string in the program. */
  string(text: string): Address {
    return this.program.string(text);
  }

  /** Structures of 64-bit words, as clone_args, open_how and mount_attr are. */
  words(...values: number[]): Address {
    return this.program.pointers(values);
  }

  slot(): Slot {
    return this.program.slot();
  }

  /**
   * The descriptor in a slot is not needed any longer. It's closed only where many are made: a container with hundreds
   * of mounts must not come to the limit of open files, and the usual one must not pay for that.
   */
  release(fd: Slot): void {
    this.piled += this.rows?.count ?? 1;
    if (this.piled > this.mostPiled) this.call('close', [fd], { ignore: true });
  }

  /** A label nobody else has. */
  newLabel(): string {
    return `L${this.labels++}`;
  }

  label(name: string): void {
    this.program.label(name);
  }

  /** Code for what rarely happens: it's put behind the end of the program. It has to go back by itself. */
  later(build: () => void): void {
    const { doing, rows } = this;
    this.postponed.push(() => {
      this.doing = doing;
      this.rows = rows;
      this.program.isInRow = rows !== undefined;
      build();
    });
  }

  /**
   * Forks with clone3(2): the child goes on behind the call; the parent tells the child's pid as the event "started",
   * and ends.
   * @param inParent what the parent does in between
   */
  fork(args: readonly Operand[], inParent?: () => void): void {
    const { program } = this;
    const number = this.noteEvent({ type: 'started' });
    const message = program.writableBytes(new Uint8Array(new Uint32Array([number, 0, 0, 0]).buffer));
    const pid = program.slotAt(message.plus(REPORT_SIZE));
    const child = this.newLabel();
    this.call('clone3', args, { save: pid, hints: FORK_HINTS });
    program.ifZero(pid, child);
    this.call('write', [this.syncFd, message, STARTED_SIZE]);
    // Not part of what the fork is part of.
    const outer = this.doing;
    this.doing = [];
    inParent?.();
    this.doing = outer;
    program.exit(0);
    this.label(child);
  }

  /** A slot whose descriptor tellWithDescriptor can send; -1 at the start. */
  descriptorSlot(): Slot {
    // struct cmsghdr, unix(7): length, SOL_SOCKET, SCM_RIGHTS, then the descriptor; padded to 8 bytes.
    this.control = this.program.writableBytes(new Uint8Array(new Int32Array([20, 0, 1, 1, -1, -1]).buffer));
    return this.program.slotAt(this.control.plus(16));
  }

  /** Tells the runtime an event, and hands it the descriptor in a slot of descriptorSlot(). */
  tellWithDescriptor(event: Event): void {
    if (this.control === undefined) throw new Error('no descriptor slot');
    const vector = this.program.pointers([this.eventMessage(event), REPORT_SIZE]);
    // struct msghdr, recvmsg(2): no name; one buffer; the control message.
    const header = this.program.pointers([null, 0, vector, 1, this.control, 24, 0]);
    this.call('sendmsg', [this.syncFd, header, 0], { path: event.type });
  }

  /** Tells the runtime an event. */
  tell(event: RowEvent): void {
    const path = typeof event === 'function' ? (row: number) => event(row).type : event.type;
    this.call('write', [this.syncFd, this.eventMessage(event), REPORT_SIZE], { path });
  }

  /**
   * Starts a thread, which goes on at a label. It shares everything with this one, registers and credentials aside, and
   * has no stack; calls must not save what the other needs.
   */
  startThread(label: string): void {
    const flags = K.CLONE_VM | K.CLONE_FS | K.CLONE_FILES | K.CLONE_SIGHAND | K.CLONE_THREAD;
    // struct clone_args, clone(2): exit_signal, stack and all else are 0.
    const args = this.words(flags, 0, 0, 0, 0, 0, 0, 0);
    this.call('clone3', [args, 64], { gotoOn: [{ errno: 0, label }] });
  }

  /** Tells the runtime an event and waits until it answers. */
  ask(event: RowEvent): void {
    this.tell(event);
    this.program.waitByte(this.syncFd);
  }

  /** Sends words that explain the failure that is reported next. */
  explain(text: Address, size: number): void {
    this.call('write', [this.syncFd, text, size], { ignore: true });
  }

  /** The message for an event: a report of its number without an errno. */
  eventMessage(event: RowEvent): Address {
    const number = this.noteEvent(event);
    if (this.rows === undefined) return this.words(number);
    const message = this.program.reserve(REPORT_SIZE);
    this.program.putRowStep(number, message);
    return message;
  }

  /** What a report's number stands for; undefined if it's none of this program's. */
  stepAt(number: number): Step | undefined {
    return stepAt(this.steps, number);
  }

  private noteEvent(event: RowEvent): number {
    return this.steps.push({ kind: 'event', doing: this.doing, event, rows: this.rows }) - 1;
  }

  private noteCall(name: SyscallName, path: Words | undefined, hints?: Hints): number {
    return this.steps.push({ kind: 'call', doing: this.doing, name, path, hints, rows: this.rows }) - 1;
  }

  /** Ends the program: what was left for later is added. Throws if its reports' numbers aren't enough for its steps. */
  finish(): void {
    for (let build = this.postponed.shift(); build !== undefined; build = this.postponed.shift()) build();
    const steps = this.steps.length;
    if (steps > ROW_STEP) throw new RuntimeError(`the config takes ${steps} steps, more than ${ROW_STEP}`);
  }
}
