// What `exec` is asked for, and whether the container's folder has a kept exec for exactly that.
import type { Kept, Label } from '../final/encoder.ts';
import type { Address, Slot } from '../final/memory.ts';
import { KEPT, KEPT_FILES, KEPT_MAGIC, KEPT_SIZE, KEY_KIND, KEY_SIZE } from '../state/kept-exec-layout.ts';
import { expectHeader, number } from './container.ts';
import type { ExecLine } from './exec-line.ts';
import { expectFile } from './file-type.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';

const AT_FDCWD = -100;
const O_CLOEXEC_NONBLOCK = 0o2004000;
const STATX_BASIC_STATS = 0x7ff;
const STATX_SIZE = 256;
const AT_EMPTY_PATH = 0x1000;
/** In struct statx: the owner; the mode, of 2 bytes. */
const [STATX_UID, STATX_MODE] = [20, 28];
/** Its bytes: a regular file that only its owner reads and writes. */
const OWN_FILE = [0x80, 0x81] as const;

/** What was asked for: where the text ends, and the zeros behind it that make it a multiple of 8. */
export interface Key {
  start: Address;
  end: Slot;
  paddedEnd: Slot;
}

/** Puts the key together. What is too long goes to the engine. */
export function readKey(flow: Flow, { process, words }: ExecLine, engine: Label): Key {
  const { machine, data } = flow;
  const key = { start: data.reserve(KEY_SIZE + 16), end: data.slot(), paddedEnd: data.slot() };
  const [file, known] = [machine.newLabel(), machine.newLabel()];
  machine.keep(B, words);
  machine.loadAt(B, B, 8);
  machine.keep(A, process);
  machine.jumpUnlessEqual(A, 0, file);
  machine.jumpIfEqual(B, 0, engine);
  addWords(flow, key.start, { words, engine });
  machine.jump(known);
  machine.label(file);
  machine.jumpUnlessEqual(B, 0, engine);
  addFile(flow, key.start, { process, engine });
  machine.label(known);
  machine.save(key.end, D);
  pad(flow);
  machine.save(key.paddedEnd, D);
  return key;
}

function begin({ machine }: Flow, start: Address, kind: number): void {
  machine.keep(D, start);
  machine.keep(C, kind);
  machine.storeAt(D, C, 8);
  machine.add(D, 8);
}

// D ← the end.
function addWords(flow: Flow, start: Address, { words, engine }: { words: Slot; engine: Label }): void {
  const { machine } = flow;
  begin(flow, start, KEY_KIND.words);
  machine.keep(A, words);
  flow.loop((done) => {
    machine.loadAt(B, A, 8);
    machine.jumpIfEqual(B, 0, done);
    machine.add(A, 8);
    flow.loop((end) => {
      machine.jumpIfEqual(D, start.plus(KEY_SIZE - 1), engine);
      machine.loadAt(C, B, 1);
      machine.storeAt(D, C, 1);
      machine.add(B, 1);
      machine.add(D, 1);
      machine.jumpIfEqual(C, 0, end);
    });
  });
}

// A: the path.
function addFile(flow: Flow, start: Address, { process, engine }: { process: Slot; engine: Label }): void {
  const { machine } = flow;
  expectFile(flow, process, { missing: engine, otherwise: engine });
  begin(flow, start, KEY_KIND.file);
  flow.callOr(engine, 'openat', [AT_FDCWD, process, O_CLOEXEC_NONBLOCK, 0]);
  machine.keep(A, 'result');
  flow.callOr(engine, 'read', [A, start.plus(8), KEY_SIZE - 8]);
  machine.keep(B, 'result');
  flow.call('close', [A]);
  machine.jumpIfEqual(B, KEY_SIZE - 8, engine);
  machine.add(D, B);
}

// Moves D on to the next multiple of 8.
function pad({ machine }: Flow): void {
  const [next, done] = [machine.newLabel(), machine.newLabel()];
  machine.label(next);
  machine.lowestDigit(C, D);
  machine.jumpIfEqual(C, 0, done);
  machine.jumpIfEqual(C, 8, done);
  machine.add(D, 1);
  machine.jump(next);
  machine.label(done);
}

/**
 * Reads the kept exec for the key; another one, or none, goes to the engine. So does one of another build.
 * @param folderFd the container's folder
 */
export function readKept(
  flow: Flow,
  { key, folderFd, sources }: { key: Key; folderFd: Slot; sources: bigint },
  engine: Label,
): Address {
  const { machine, data } = flow;
  const kept = data.reserve(KEPT_SIZE);
  const name = data.writableBytes(new TextEncoder().encode(`${KEPT_FILES[0]}\0`));
  nameFile(flow, key, name);
  flow.callOr(engine, 'openat', [folderFd, name, O_CLOEXEC_NONBLOCK, 0]);
  machine.keep(A, 'result');
  expectOwn(flow, A, engine);
  flow.call('read', [A, kept, KEPT_SIZE]);
  machine.keep(B, 'result');
  flow.call('close', [A]);
  expectHeader(flow, kept, { layout: KEPT, magic: KEPT_MAGIC }, engine);
  expectWhole(flow, kept, engine);
  number(flow, kept, KEPT.sources);
  machine.jumpUnlessEqual(A, sources, engine);
  compare(flow, key, kept, engine);
  return kept;
}

/** It's a program that has the caller's rights: the caller has written it, and nobody else can. `fd` stays. */
export function expectOwn(flow: Flow, fd: Kept, engine: Label): void {
  const { machine, data } = flow;
  const stat = data.reserve(STATX_SIZE);
  flow.callOr(engine, 'statx', [fd, data.string(''), AT_EMPTY_PATH, STATX_BASIC_STATS, stat]);
  OWN_FILE.forEach((byte, index) => {
    machine.keep(C, stat.plus(STATX_MODE + index));
    machine.loadAt(C, C, 1);
    machine.jumpUnlessEqual(C, byte, engine);
  });
  flow.call('getuid', []);
  machine.keep(D, 'result');
  machine.keep(C, stat.plus(STATX_UID));
  machine.loadAt(C, C, 4);
  machine.jumpUnlessEqual(C, D, engine);
}

// A, B: the size. What is damaged has another sum than it had when it was written (keptBytes).
function expectWhole(flow: Flow, kept: Address, engine: Label): void {
  const { machine } = flow;
  const isAligned = machine.newLabel();
  machine.lowestDigit(C, B);
  machine.jumpIfEqual(C, 0, isAligned);
  machine.jumpUnlessEqual(C, 8, engine);
  machine.label(isAligned);
  number(flow, kept, KEPT.sum);
  machine.keep(D, A);
  machine.keep(C, 0);
  machine.keep(A, kept.plus(KEPT.sum));
  machine.storeAt(A, C, 8);
  machine.add(B, kept);
  machine.keep(A, kept);
  flow.loop((done) => {
    machine.jumpIfEqual(A, B, done);
    machine.loadAt(C, A, 4);
    machine.add(D, C);
    machine.add(A, 4);
  });
  machine.jumpUnlessEqual(D, 0, engine);
}

// As fileOfKey in src/state/kept-exec.ts.
function nameFile(flow: Flow, { start, paddedEnd }: Key, name: Address): void {
  const { machine, data } = flow;
  machine.keep(A, start);
  machine.keep(B, 0);
  flow.loop((done) => {
    machine.jumpIfEqual(A, paddedEnd, done);
    machine.loadAt(C, A, 4);
    machine.add(B, C);
    machine.add(A, 4);
  });
  machine.keep(D, 0);
  flow.loop((done) => {
    machine.jumpIfEqual(B, 0, done);
    machine.lowestDigit(C, B);
    machine.add(D, C);
    machine.dropDigit(B);
  });
  machine.lowestDigit(D, D);
  machine.add(D, data.string(Array.from({ length: 16 }, (_, digit) => KEPT_FILES[digit % 4]?.at(-1)).join('')));
  machine.loadAt(C, D, 1);
  machine.keep(D, name.plus(KEPT_FILES[0].length - 1));
  machine.storeAt(D, C, 1);
}

function compare(flow: Flow, { start, end, paddedEnd }: Key, kept: Address, engine: Label): void {
  const { machine } = flow;
  number(flow, kept, KEPT.keySize);
  machine.add(A, start);
  machine.jumpUnlessEqual(A, end, engine);
  number(flow, kept, KEPT.key);
  machine.add(A, kept);
  machine.keep(B, start);
  flow.loop((done) => {
    machine.jumpIfEqual(B, paddedEnd, done);
    machine.loadAt(C, A, 8);
    machine.loadAt(D, B, 8);
    machine.jumpUnlessEqual(C, D, engine);
    machine.add(A, 8);
    machine.add(B, 8);
  });
}
