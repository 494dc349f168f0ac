// The final program as a list of operations: what the child still has to do once it has left the JavaScript engine.
import type { SyscallName } from '../../bindings/syscalls.ts';
import { Data } from './data.ts';
import { type Address, checkOperand, type Operand, type Slot } from './memory.ts';
import { REPORT_SIZE } from './report.ts';
import { Row, type RowWords, rowSize } from './rows.ts';

/** What to do around one system call. A call that fails is reported, and the program exits, unless told otherwise. */
export interface CallOptions {
  /** The number that a report names the call by; 0 if left out. */
  step?: number | undefined;
  /** Go on, whatever the result. */
  ignore?: boolean;
  /** Go on if it failed with one of these. */
  ignoreErrnos?: readonly number[];
  /** Where to keep the result, negative errnos included. */
  save?: Slot;
  /** Go on at this label if it failed. */
  goto?: string;
  /** Go on at this label if it failed, where `reportKept` can report it. */
  keepGoto?: string;
  /** Go on at a label if it failed with that errno; 0 stands for the result 0. */
  gotoOn?: readonly { readonly errno: number; readonly label: string }[] | undefined;
  /**
   * When to make the call again: `busy` after EAGAIN; `ask` after ENOENT as well, once, when the event with the number
   * behind the call's own was told to the reports' descriptor, and answered with a byte.
   */
  again?: 'busy' | 'ask';
}

/** A system call of the program. */
export interface Call {
  readonly kind: 'call';
  readonly name: SyscallName;
  readonly args: readonly Operand[];
  readonly options: CallOptions;
  /** It's made for each row: its step is the row's. */
  readonly isOfRow: boolean;
}

/** Begins a loop: what follows is done with the first row of the table, up to `nextRow`. */
export interface FirstRow {
  readonly kind: 'firstRow';
  readonly rows: readonly RowWords[];
  readonly table: Address;
  readonly label: string;
}

/** Goes back to the label with the next row, unless it has come to the end. */
export interface NextRow {
  readonly kind: 'nextRow';
  readonly size: number;
  readonly end: Address;
  readonly label: string;
}

/** The search of execvp(3), unrolled. */
export interface ExecFirst {
  readonly kind: 'execFirst';
  readonly candidates: readonly Address[];
  readonly argv: Address;
  readonly envp: Address;
  readonly step: number;
}

/** One step of the program; `assemble` turns it into machine code. */
export type Operation =
  | Call
  | FirstRow
  | NextRow
  | ExecFirst
  | { readonly kind: 'reportTo'; readonly fd: Operand }
  | { readonly kind: 'waitByte'; readonly fd: Operand; readonly buffer: Address; readonly size: number }
  | { readonly kind: 'reportKept' | 'keepResult' }
  | { readonly kind: 'putRowStep'; readonly step: number; readonly target: Address }
  | { readonly kind: 'label'; readonly name: string }
  | { readonly kind: 'goto'; readonly label: string }
  | { readonly kind: 'ifZero' | 'ifNegative'; readonly slot: Slot; readonly label: string }
  | { readonly kind: 'exit'; readonly code: number };

/** Builds a final program. Operations run in the order in which they are added; one that runs past the end exits 0. */
export class Program extends Data {
  readonly operations: Operation[] = [];
  /** Where a report is put together, if any operation can fail with one. */
  reportBuffer: Address | undefined;
  /** For calls that ask when something is missing: which has asked last, its message, the answer. */
  askBuffer: { asked: Address; message: Address; answer: Address } | undefined;
  /** Whether what is added is done for each row of a table. */
  isInRow = false;
  private byte: Address | undefined;
  private tables = 0;

  /** From here on, in the order of execution, failures are reported to this descriptor; before, to nobody. */
  reportTo(fd: Operand): void {
    checkOperand(fd);
    this.operations.push({ kind: 'reportTo', fd });
  }

  /**
   * A system call with up to six arguments, in the kernel's order for the architecture (clone(2) orders its `tls` and
   * `child_tid` differently on arm64). It failed if the result is in -4095..-1, as in syscall(2).
   */
  call(name: SyscallName, args: readonly Operand[], options: CallOptions = {}): void {
    if (args.length > 6) throw new Error(`${name}: a system call takes at most 6 arguments, not ${args.length}`);
    if (options.ignore && options.goto !== undefined) throw new Error(`${name}: both ignore and goto`);
    if (!options.ignore && options.goto === undefined) this.mayReport(options.step ?? 0);
    if (options.again === 'ask') {
      this.askBuffer ??= { asked: this.reserve(4), message: this.reserve(REPORT_SIZE), answer: this.reserve(1) };
    }
    this.operations.push({ kind: 'call', name, args, options, isOfRow: this.isInRow });
  }

  /**
   * A loop: what `build` adds is done for each row of a table, in their order. What differs are the row's words, which are
   * operands in there. A report's number tells the row, too (ROW_STEP). Loops can't be nested.
   */
  forEach(rows: readonly RowWords[], build: (row: Row) => void): void {
    if (this.isInRow) throw new Error('a loop in a loop');
    const size = rowSize(rows);
    if (rows.length === 0) return;
    const label = `rows ${this.tables++}`;
    const next = `${label}, next`;
    const table = this.table(rows, size);
    this.operations.push({ kind: 'firstRow', rows, table, label });
    this.isInRow = true;
    build(new Row(next));
    this.isInRow = false;
    this.label(next);
    this.operations.push({ kind: 'nextRow', size, end: table.plus(size * rows.length), label });
  }

  /** In a loop: writes a step's number, for this row, to a place of 4 bytes. */
  putRowStep(step: number, target: Address): void {
    this.operations.push({ kind: 'putRowStep', step, target });
  }

  /**
   * Blocks until a byte can be read(2) from `fd` (into `buffer`, if given), whatever signals come. At the end of the
   * file, or if reading fails, nobody waits for this program any longer: it exits 1 without a report.
   */
  waitByte(fd: Operand, buffer?: Address): void {
    this.byte ??= buffer === undefined ? this.reserve(1) : undefined;
    const target = buffer ?? this.byte;
    if (target !== undefined) this.waitBytes(fd, target, 1);
  }

  /** The same for a message of up to `size` bytes. */
  waitBytes(fd: Operand, buffer: Address, size: number): void {
    checkOperand(fd);
    this.operations.push({ kind: 'waitByte', fd, buffer, size });
  }

  /** After `keepGoto`: keeps what has failed while other calls are made, whose own failures must be ignored. */
  keepResult(): void {
    this.operations.push({ kind: 'keepResult' });
  }

  /** Reports what keepResult has kept, and exits. */
  reportKept(): void {
    this.mayReport(0);
    this.operations.push({ kind: 'reportKept' });
  }

  /**
   * Becomes the first of the candidates that execve(2) accepts, with execvp(3)'s search: one that is missing (ENOENT,
   * ENOTDIR) or may not be executed (EACCES) is passed over, any other errno is reported at once. At the end EACCES is
   * reported if it was seen, else ENOENT; of a single candidate its own errno.
   */
  execFirst(candidates: readonly string[], argv: Address, envp: Address, step: number): void {
    this.mayReport(step);
    const paths: Address[] = [];
    for (const path of candidates) paths.push(this.string(path));
    this.operations.push({ kind: 'execFirst', candidates: paths, argv, envp, step });
  }

  /** A place to go to; each name may be used once. */
  label(name: string): void {
    this.operations.push({ kind: 'label', name });
  }

  /** Goes on at the label. */
  goto(label: string): void {
    this.operations.push({ kind: 'goto', label });
  }

  /** Goes on at the label if the slot holds zero, e.g. on the child's side of clone(2). */
  ifZero(slot: Slot, label: string): void {
    this.operations.push({ kind: 'ifZero', slot, label });
  }

  /** Goes on at the label if the slot holds a negative number, e.g. the result of an ignored failure. */
  ifNegative(slot: Slot, label: string): void {
    this.operations.push({ kind: 'ifNegative', slot, label });
  }

  /** Ends the process (all threads) with an exit code: exit_group(2). */
  exit(code: number): void {
    checkOperand(code);
    this.operations.push({ kind: 'exit', code });
  }

  private mayReport(step: number): void {
    if (step !== step >>> 0) throw new Error(`a step is a 32-bit number, not ${step}`);
    this.reportBuffer ??= this.reserve(REPORT_SIZE);
  }
}
