// --pid-file: opened before anything is done, because afterwards there's no way back to the engine.
import type { Label } from '../final/encoder.ts';
import type { Address, Slot } from '../final/memory.ts';
import { AT_SYMLINK_NOFOLLOW, expectFile } from './file-type.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';

const AT_FDCWD = -100;
/** O_WRONLY, O_CLOEXEC, O_NONBLOCK; O_CREAT and O_TRUNC. */
const [O_WRITE, O_CREAT_TRUNC] = [0o2004001, 0o1100];
/** O_TMPFILE, in which the flag for folders has a number of its own on each architecture. */
const UNNAMED = { x64: 0o20200000, arm64: 0o20040000 } as const;
const AT_SYMLINK_FOLLOW = 0x400;
const FALLOC_FL_KEEP_SIZE = 1;
const MODE = 0o666;
/** The largest pid has seven digits: proc(5), pid_max. */
const POWERS = [1_000_000, 100_000, 10_000, 1000, 100, 10, 1];
const TEXT_SIZE = 16;
const PATH_MAX = 4096;

export interface PidFile {
  /** The path, 0 if none is asked for. */
  path: Slot;
  fd: Slot;
  /** 1 if it wasn't there before: then it has no name yet, so that nobody sees it empty, and nothing is left of it. */
  isNew: Slot;
}

/** Variables for it. */
export function pidFile({ data }: Flow, path: Slot): PidFile {
  return { path, fd: data.slot(), isNew: data.slot() };
}

/** Opens it, if it's asked for; what was there stays. There's room for the number: that can be written, whatever comes. */
export function openPidFile(flow: Flow, { path, fd, isNew }: PidFile, failed: Label): void {
  const { machine } = flow;
  const [isMissing, opened, none] = [machine.newLabel(), machine.newLabel(), machine.newLabel()];
  machine.keep(A, path);
  machine.jumpIfEqual(A, 0, none);
  expectFile(flow, path, { flags: AT_SYMLINK_NOFOLLOW, missing: isMissing, otherwise: failed });
  flow.callOr(failed, 'openat', [AT_FDCWD, path, O_WRITE, 0]);
  flow.saveResult(fd, B);
  machine.jump(opened);
  machine.label(isMissing);
  const folder = folderOf(flow, path, failed);
  flow.callOr(failed, 'openat', [AT_FDCWD, folder, O_WRITE + UNNAMED[flow.architecture], MODE]);
  flow.saveResult(fd, B);
  machine.keep(B, 1);
  machine.save(isNew, B);
  machine.label(opened);
  flow.callOr(failed, 'fallocate', [fd, FALLOC_FL_KEEP_SIZE, 0, TEXT_SIZE]);
  machine.label(none);
}

// What is up to the last slash, or `./`. No file has an empty name, nor one that long.
function folderOf(flow: Flow, path: Slot, failed: Label): Address {
  const { machine, data } = flow;
  const folder = data.reserve(PATH_MAX + 8);
  machine.keep(A, path);
  machine.loadAt(C, A, 1);
  machine.jumpIfEqual(C, 0, failed);
  machine.keep(D, folder);
  machine.keep(B, D);
  flow.loop((done) => {
    const other = machine.newLabel();
    machine.jumpIfEqual(D, folder.plus(PATH_MAX), failed);
    machine.loadAt(C, A, 1);
    machine.jumpIfEqual(C, 0, done);
    machine.storeAt(D, C, 1);
    machine.add(A, 1);
    machine.add(D, 1);
    machine.jumpUnlessEqual(C, '/'.charCodeAt(0), other);
    machine.keep(B, D);
    machine.label(other);
  });
  const isCut = machine.newLabel();
  machine.jumpUnlessEqual(B, folder, isCut);
  machine.keep(C, '.'.charCodeAt(0));
  machine.storeAt(B, C, 1);
  machine.add(B, 1);
  machine.label(isCut);
  machine.keep(C, 0);
  machine.storeAt(B, C, 1);
  return folder;
}

/** Writes the pid; only then has a new file its name. */
export function writePidFile(flow: Flow, { path, fd, isNew }: PidFile, pid: Slot, failed: Label): void {
  const { machine, data } = flow;
  const [written, rewrite, none] = [machine.newLabel(), machine.newLabel(), machine.newLabel()];
  machine.keep(A, path);
  machine.jumpIfEqual(A, 0, none);
  const text = data.reserve(TEXT_SIZE);
  machine.keep(A, pid);
  machine.keep(D, text);
  decimal(flow);
  writeAll(flow, fd, text, failed);
  machine.keep(A, isNew);
  machine.jumpIfEqual(A, 0, written);
  flow.call('linkat', [AT_FDCWD, pathOf(flow, fd), AT_FDCWD, path, AT_SYMLINK_FOLLOW]);
  machine.jumpIfFailed(rewrite);
  machine.jump(written);
  // Somebody else has made one meanwhile, or the file system has no such links.
  machine.label(rewrite);
  flow.callOr(failed, 'openat', [AT_FDCWD, path, O_WRITE + O_CREAT_TRUNC, MODE]);
  flow.saveResult(fd, B);
  machine.keep(D, text);
  flow.loop((done) => {
    machine.loadAt(C, D, 1);
    machine.jumpIfEqual(C, 0, done);
    machine.add(D, 1);
  });
  writeAll(flow, fd, text, failed);
  machine.label(written);
  flow.call('close', [fd]);
  machine.label(none);
}

// A text that ends at D is all that is in the file.
function writeAll(flow: Flow, fd: Slot, text: Address, failed: Label): void {
  const { machine } = flow;
  length(flow, text);
  flow.callOr(failed, 'write', [fd, text, B]);
  machine.keep(C, 'result');
  machine.jumpUnlessEqual(C, B, failed);
  flow.callOr(failed, 'ftruncate', [fd, B]);
}

/** The name of a descriptor in /proc, as in bindings/spawn.ts. Overwrites all. */
export function pathOf(flow: Flow, fd: Slot): Address {
  const { machine, data } = flow;
  const path = data.reserve(32);
  machine.keep(D, path);
  machine.keep(A, data.string('/proc/self/fd/'));
  flow.copyText(D, A, C);
  machine.keep(A, fd);
  decimal(flow);
  return path;
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
