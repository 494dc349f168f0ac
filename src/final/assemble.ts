// From the list of operations to the executable: operations become a few machine-independent instructions, the
// architecture's encoder makes code of them, and code and data are put into an ELF file.
import { type Architecture, type SyscallName, syscallNumber } from '../../bindings/syscalls.ts';
import { Arm64Encoder } from './arm64.ts';
import type { Data } from './data.ts';
import { CODE_OFFSET, elfFile, layOut } from './elf.ts';
import type { Encoder, Kept } from './encoder.ts';
import type { Address, Operand } from './memory.ts';
import type { Call, CallOptions, ExecFirst, Operation, Program } from './program.ts';
import { REPORT_SIZE } from './report.ts';
import { X64Encoder } from './x86-64.ts';

const ENOENT = 2;
const EINTR = 4;
const EAGAIN = 11;
const EACCES = 13;
const ENOTDIR = 20;

/** The exit codes of sh(1) (POSIX, 2.8.2) for a command that isn't found and one that can't be executed. */
const EXIT_NOT_FOUND = 127;
const EXIT_NOT_EXECUTABLE = 126;
const EXIT_FAILED = 1;

/** The program as a static ELF executable. It needs no library, no arguments, no environment and no stack. */
export function assemble(program: Program, architecture: Architecture): Uint8Array {
  const encoder = architecture === 'x64' ? new X64Encoder() : new Arm64Encoder();
  new Assembler(encoder, architecture).program(program);
  return linked(encoder, program, architecture);
}

/**
 * An executable file of code and its data.
 * @param base the address of its first byte
 */
export function linked(encoder: Encoder, data: Data, architecture: Architecture, base?: number): Uint8Array {
  const [constant, bulk, writable] = [data.constant.length, data.bulk.length, data.writable.length];
  const sizes = { code: encoder.length, constant, bulk, writable, zeroed: data.zeroedSize };
  const layout = layOut(architecture, sizes, base);
  const file = elfFile(layout);
  file.set(encoder.finish(layout.addresses), CODE_OFFSET);
  data.constant.copyTo(file, layout.offsets.constant, layout.addresses);
  data.bulk.copyTo(file, layout.offsets.bulk, layout.addresses);
  data.writable.copyTo(file, layout.offsets.writable, layout.addresses);
  return file;
}

/** Drives an encoder. */
class Assembler {
  private readonly encoder: Encoder;
  private readonly architecture: Architecture;
  /** Where a failed call goes on, and a failed execve. */
  private readonly failed: number;
  private readonly execFailed: number;
  /** Where a call goes on that failed and may be made again. */
  private readonly isBusy: number;
  private readonly isMissing: number;

  constructor(encoder: Encoder, architecture: Architecture) {
    this.encoder = encoder;
    this.architecture = architecture;
    this.failed = encoder.newLabel();
    this.execFailed = encoder.newLabel();
    this.isBusy = encoder.newLabel();
    this.isMissing = encoder.newLabel();
  }

  program({ operations, reportBuffer, askBuffer }: Program): void {
    if (reportBuffer !== undefined) this.encoder.keep('reportFd', -1);
    for (const operation of operations) this.operation(operation);
    this.exit(0);
    if (reportBuffer === undefined) return;
    this.again(askBuffer);
    this.report(reportBuffer);
  }

  private operation(operation: Operation): void {
    switch (operation.kind) {
      case 'call':
        this.call(operation);
        break;
      case 'firstRow':
        this.encoder.keep('row', operation.table);
        this.encoder.label(operation.label);
        break;
      case 'nextRow':
        this.encoder.nextRow(operation.size, operation.end, operation.label);
        break;
      case 'putRowStep':
        this.encoder.keepRowStep(operation.step);
        this.encoder.storeStep(operation.target);
        break;
      case 'execFirst':
        this.execFirst(operation);
        break;
      case 'reportTo':
        this.encoder.keep('reportFd', operation.fd);
        break;
      case 'waitByte':
        this.waitByte(operation);
        break;
      case 'keepResult':
        this.encoder.keep('errno', 'result');
        break;
      case 'reportKept':
        this.encoder.recall('errno');
        this.encoder.jump(this.failed);
        break;
      case 'label':
        this.encoder.label(operation.name);
        break;
      case 'goto':
        this.encoder.jump(operation.label);
        break;
      case 'ifZero':
        this.encoder.jumpIf('zero', operation.slot.address, operation.label);
        break;
      case 'ifNegative':
        this.encoder.jumpIf('negative', operation.slot.address, operation.label);
        break;
      case 'exit':
        this.exit(operation.code);
        break;
    }
  }

  private call({ name, args, options, isOfRow }: Call): void {
    const encoder = this.encoder;
    const { step = 0, ignore, ignoreErrnos, save, keepGoto, gotoOn, again } = options;
    const goto = keepGoto ?? options.goto;
    if (again !== undefined) encoder.markAgain();
    if (!ignore && (goto === undefined || keepGoto !== undefined)) {
      if (isOfRow) encoder.keepRowStep(step);
      else encoder.keep('step', step);
    }
    this.syscall(name, args);
    if (save !== undefined) encoder.store(save.address);
    if (ignore) return;
    if (gotoOn !== undefined) for (const { errno, label } of gotoOn) encoder.jumpIfResult(-errno, label);
    const failed = goto ?? this.failedLabel(name, again);
    if (ignoreErrnos === undefined) {
      encoder.jumpIfFailed(failed);
      return;
    }
    const next = encoder.newLabel();
    for (const errno of ignoreErrnos) encoder.jumpIfResult(-errno, next);
    encoder.jumpIfFailed(failed);
    encoder.label(next);
  }

  private failedLabel(name: SyscallName, again: CallOptions['again']): number {
    if (again !== undefined) return again === 'ask' ? this.isMissing : this.isBusy;
    return name === 'execve' || name === 'execveat' ? this.execFailed : this.failed;
  }

  private waitByte({ fd, buffer, size }: { fd: Operand | Kept; buffer: Address; size: number }): void {
    const encoder = this.encoder;
    const again = encoder.newLabel();
    const quit = encoder.newLabel();
    const done = encoder.newLabel();
    encoder.label(again);
    this.syscall('read', [fd, buffer, size]);
    encoder.jumpIfResult(-EINTR, again);
    encoder.jumpIfResult(0, quit);
    encoder.jumpIfFailed(quit);
    encoder.jump(done);
    encoder.label(quit);
    this.exit(EXIT_FAILED);
    encoder.label(done);
  }

  private execFirst({ candidates, argv, envp, step }: ExecFirst): void {
    const encoder = this.encoder;
    const isOnly = candidates.length === 1;
    encoder.keep('step', step);
    if (!isOnly) encoder.keep('errno', -ENOENT);
    for (const path of candidates) {
      this.syscall('execve', [path, argv, envp]);
      if (!isOnly) this.nextCandidate();
    }
    if (!isOnly) encoder.recall('errno');
    encoder.jump(this.execFailed);
  }

  /** After a failed execve: goes on with the code that follows if the errno allows to try another file. */
  private nextCandidate(): void {
    const encoder = this.encoder;
    const isDenied = encoder.newLabel();
    const next = encoder.newLabel();
    encoder.jumpIfResult(-ENOENT, next);
    encoder.jumpIfResult(-ENOTDIR, next);
    encoder.jumpIfResult(-EACCES, isDenied);
    encoder.jump(this.execFailed);
    encoder.label(isDenied);
    encoder.keep('errno', 'result');
    encoder.label(next);
  }

  /** The end of every failed call: the report, and an exit code that tells what failed even without it. */
  private report(buffer: Address): void {
    const encoder = this.encoder;
    const report = encoder.newLabel();
    encoder.label(this.execFailed);
    encoder.keep('status', EXIT_NOT_FOUND);
    encoder.jumpIfResult(-ENOENT, report);
    encoder.keep('status', EXIT_NOT_EXECUTABLE);
    encoder.jump(report);
    encoder.label(this.failed);
    encoder.keep('status', EXIT_FAILED);
    encoder.label(report);
    encoder.storeReport(buffer);
    this.syscall('write', ['reportFd', buffer, REPORT_SIZE]);
    this.syscall('exit_group', ['status']);
  }

  /** The end of every failed call that may be made again: is it to be? */
  private again(ask: Program['askBuffer']): void {
    const encoder = this.encoder;
    const [askFor, again] = [encoder.newLabel(), encoder.newLabel()];
    encoder.label(this.isMissing);
    if (ask !== undefined) encoder.jumpIfResult(-ENOENT, askFor);
    encoder.label(this.isBusy);
    encoder.jumpIfResult(-EAGAIN, again);
    encoder.jump(this.failed);
    encoder.label(askFor);
    if (ask !== undefined) this.ask(ask);
    encoder.label(again);
    encoder.jumpAgain();
  }

  private ask({ asked, message, answer }: NonNullable<Program['askBuffer']>): void {
    const encoder = this.encoder;
    encoder.jumpIfStepIs(asked, this.failed);
    encoder.storeStep(asked);
    encoder.increment('step');
    encoder.storeStep(message); // the errno behind it stays 0: an event
    this.syscall('write', ['reportFd', message, REPORT_SIZE]);
    this.waitByte({ fd: 'reportFd', buffer: answer, size: 1 });
  }

  private exit(code: number): void {
    this.syscall('exit_group', [code]);
  }

  private syscall(name: SyscallName, args: readonly (Operand | Kept)[]): void {
    this.encoder.syscall(syscallNumber(name, this.architecture), args);
  }
}
