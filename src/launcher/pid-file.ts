// --pid-file: opened before anything is done, because afterwards there's no way back to the engine.
import type { Label } from '../final/encoder.ts';
import type { Address, Slot } from '../final/memory.ts';
import { expectFile } from './file-type.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';

const AT_FDCWD = -100;
/** O_WRONLY, O_CLOEXEC, O_NONBLOCK. */
const O_WRITE = 0o2004001;
const O_CREAT_EXCL = 0o300;
const EEXIST = 17;
const FALLOC_FL_KEEP_SIZE = 1;
const MODE = 0o666;
/** The largest pid has seven digits: proc(5), pid_max. */
const POWERS = [1_000_000, 100_000, 10_000, 1000, 100, 10, 1];
const TEXT_SIZE = 16;

export interface PidFile {
  /** The path, 0 if none is asked for. */
  path: Slot;
  fd: Slot;
  /** 1 if it wasn't there before. */
  isNew: Slot;
}

/** Variables for it. */
export function pidFile({ data }: Flow, path: Slot): PidFile {
  return { path, fd: data.slot(), isNew: data.slot() };
}

/** Opens it, if it's asked for; what was there stays. There's room for the number: that can be written, whatever comes. */
export function openPidFile(flow: Flow, { path, fd, isNew }: PidFile, failed: Label): void {
  const { machine } = flow;
  const [isThere, opened, none] = [machine.newLabel(), machine.newLabel(), machine.newLabel()];
  machine.keep(A, path);
  machine.jumpIfEqual(A, 0, none);
  flow.call('openat', [AT_FDCWD, A, O_WRITE + O_CREAT_EXCL, MODE]);
  machine.jumpIfResult(-EEXIST, isThere);
  machine.jumpIfFailed(failed);
  flow.saveResult(fd, B);
  machine.keep(B, 1);
  machine.save(isNew, B);
  machine.jump(opened);
  machine.label(isThere);
  expectFile(flow, path, { missing: failed, otherwise: failed });
  flow.callOr(failed, 'openat', [AT_FDCWD, path, O_WRITE, 0]);
  flow.saveResult(fd, B);
  machine.label(opened);
  flow.callOr(failed, 'fallocate', [fd, FALLOC_FL_KEEP_SIZE, 0, TEXT_SIZE]);
  machine.label(none);
}

/** Takes away what opening it has made. */
export function undoPidFile(flow: Flow, { path, isNew }: PidFile): void {
  const { machine } = flow;
  const none = machine.newLabel();
  machine.keep(A, isNew);
  machine.jumpIfEqual(A, 0, none);
  flow.call('unlinkat', [AT_FDCWD, path, 0]);
  machine.label(none);
}

/** Writes the pid. */
export function writePidFile(flow: Flow, { path, fd }: PidFile, pid: Slot, failed: Label): void {
  const { machine, data } = flow;
  const none = machine.newLabel();
  machine.keep(A, path);
  machine.jumpIfEqual(A, 0, none);
  const text = data.reserve(TEXT_SIZE);
  machine.keep(A, pid);
  machine.keep(D, text);
  decimal(flow);
  length(flow, text);
  flow.callOr(failed, 'write', [fd, text, B]);
  machine.keep(C, 'result');
  machine.jumpUnlessEqual(C, B, failed);
  flow.callOr(failed, 'ftruncate', [fd, B]);
  flow.call('close', [fd]);
  machine.label(none);
}

/** Writes the number in A, of up to seven digits, to where D points, which is behind it then. Overwrites all. */
export function decimal({ machine }: Flow): void {
  const digits = POWERS.map((power) => ({ power, label: machine.newLabel() }));
  const isLess = (power: number, less: Label) => {
    machine.keep(B, A);
    machine.add(B, 1 - power);
    machine.jumpIfAtMost(B, 0, less);
  };
  for (const { power, label } of digits.slice(0, -1)) {
    const smaller = machine.newLabel();
    isLess(power, smaller);
    machine.jump(label);
    machine.label(smaller);
  }
  machine.jump(digits.at(-1)?.label ?? '');
  for (const { power, label } of digits) {
    const [next, done] = [machine.newLabel(), machine.newLabel()];
    machine.label(label);
    machine.keep(C, '0'.charCodeAt(0));
    machine.label(next);
    isLess(power, done);
    machine.add(A, -power);
    machine.add(C, 1);
    machine.jump(next);
    machine.label(done);
    machine.storeAt(D, C, 1);
    machine.add(D, 1);
  }
}

// B ← how many bytes there are from a text's begin to D.
function length({ machine }: Flow, text: Address): void {
  machine.keep(B, 0);
  machine.keep(C, text);
  const [next, done] = [machine.newLabel(), machine.newLabel()];
  machine.label(next);
  machine.jumpIfEqual(C, D, done);
  machine.add(B, 1);
  machine.add(C, 1);
  machine.jump(next);
  machine.label(done);
}
