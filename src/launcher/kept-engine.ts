// Goes on with a kept engine (docs/architecture.md, "The kept engine"): maps its memory where it was, and jumps into it.
// Only the launcher for x86_64 can.
import type { Label } from '../final/encoder.ts';
import type { Address, Slot } from '../final/memory.ts';
import {
  ENGINE,
  ENGINE_FILES,
  ENGINE_FOLDER,
  ENGINE_MAGIC,
  FILE_WORDS,
  HEAD_SIZE,
  MAX_FILES,
} from '../state/kept-engine-layout.ts';
import { FIRST_OF_LAUNCHER } from '../state/kept-exec-layout.ts';
import { number, text } from './container.ts';
import { expectOwn } from './exec-key.ts';
import type { Flow } from './flow.ts';
import {
  fillMemory,
  leave,
  makeCalls,
  moveVdso,
  moveVdsoAside,
  type Opened,
  type Told,
  tell,
  tellThread,
} from './kept-memory.ts';
import { A, B, C, D } from './machine.ts';

const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const O_CLOEXEC = 0o2000000;
const O_CLOEXEC_NOFOLLOW_NONBLOCK = 0o2404000;
const F_GETFD = 1;
const STATX_BASIC_STATS = 0x7ff;
const STATX_SIZE = 256;
const STATX_INO = 32;
const BOOT_SIZE = 64;
/** Beside the standard streams: what this program has opened, and the first of what a kept exec leaves behind. */
const [FIRST_OWN, FIRST_OF_EXEC] = [3, FIRST_OF_LAUNCHER];

export interface KeptEngineInputs extends Told {
  /** Where the engine is. */
  path: Address;
  sources: bigint;
  /** What the kept engine's name ends with: ENGINE_UNFINISHED, or nothing. */
  ending: string;
  /** The descriptor of a result, if the launcher has told a process to go on. */
  released: Slot;
}

/** Where to go on. */
export interface Ways {
  /** There's none that is of this engine. */
  missing: Label;
  /** It can't be used now. */
  otherwise: Label;
}

/**
 * Goes on with the kept engine, if there is one for this engine file and all is as it was then. Otherwise the engine has to
 * be executed: execve(2) takes away what has been mapped.
 */
export function goOnWithKept(flow: Flow, inputs: KeptEngineInputs, ways: Ways): void {
  const { data } = flow;
  const head = data.reserve(HEAD_SIZE);
  const files = data.reserve(8 * (1 + MAX_FILES));
  const engine = data.reserve(STATX_SIZE);
  expectPlain(flow, inputs, ways.otherwise);
  readHead(flow, { inputs, head, files, engine }, ways);
  expectBoot(flow, head, ways.missing);
  openFiles(flow, { head, files, engine }, ways.missing);
  const { vdso } = inputs.caller;
  moveVdsoAside(flow, { head, vdso }, ways.otherwise);
  makeCalls(flow, { head, files, list: ENGINE.maps }, ways.otherwise);
  fillMemory(flow, { head, files }, ways.otherwise);
  flow.call('close_range', [FIRST_OWN, FIRST_OF_EXEC - 1, 0]);
  moveVdso(flow, { head, vdso }, ways.otherwise);
  makeCalls(flow, { head, files, list: ENGINE.calls }, ways.otherwise);
  tellThread(flow, head);
  tell(flow, inputs, head);
  leave(flow, head);
}

interface Kept extends Opened {
  inputs: KeptEngineInputs;
  /** What statx(2) says of the engine. */
  engine: Address;
}

// The standard streams are open, and nothing else is that was so before this program; it has told nobody to go on.
function expectPlain(flow: Flow, { caller, others, released }: KeptEngineInputs, otherwise: Label): void {
  const { machine } = flow;
  for (const slot of [others, released, caller.isForLibraries]) {
    machine.keep(A, slot);
    machine.jumpUnlessEqual(A, 0, otherwise);
  }
  for (const fd of [0, 1, 2]) flow.callOr(otherwise, 'fcntl', [fd, F_GETFD]);
  const isFree = machine.newLabel();
  flow.callOr(isFree, 'fcntl', [FIRST_OF_EXEC, F_GETFD]);
  machine.jump(otherwise);
  machine.label(isFree);
}

function readHead(flow: Flow, { inputs, head, files, engine }: Kept, { missing, otherwise }: Ways): void {
  const { machine, data } = flow;
  flow.callOr(otherwise, 'statx', [AT_FDCWD, inputs.path, 0, STATX_BASIC_STATS, engine]);
  const name = `${ENGINE_FOLDER}/${ENGINE_FILES[0]}`;
  const file = data.writableBytes(new TextEncoder().encode(`${name}${inputs.ending}\0`));
  machine.keep(C, engine.plus(STATX_INO));
  machine.loadAt(C, C, 8);
  machine.lowestDigit(D, C);
  machine.add(D, data.string(Array.from({ length: 16 }, (_, digit) => digit % ENGINE_FILES.length).join('')));
  machine.loadAt(C, D, 1);
  machine.keep(D, file.plus(name.length - 1));
  machine.storeAt(D, C, 1);
  flow.callOr(missing, 'openat', [AT_FDCWD, file, O_CLOEXEC_NOFOLLOW_NONBLOCK, 0]);
  machine.keep(A, 'result');
  machine.keep(B, files);
  machine.storeAt(B, A, 8);
  expectOwn(flow, A, missing);
  flow.callOr(missing, 'read', [A, head, HEAD_SIZE]);
  machine.keep(B, 'result');
  machine.jumpUnlessEqual(B, HEAD_SIZE, missing);
  number(flow, head, ENGINE.magic);
  machine.jumpUnlessEqual(A, ENGINE_MAGIC, missing);
  number(flow, head, ENGINE.sources);
  machine.jumpUnlessEqual(A, inputs.sources, missing);
}

function expectBoot(flow: Flow, head: Address, missing: Label): void {
  const { machine, data } = flow;
  const boot = data.reserve(BOOT_SIZE);
  flow.callOr(missing, 'openat', [AT_FDCWD, data.string('/proc/sys/kernel/random/boot_id'), O_CLOEXEC, 0]);
  machine.keep(A, 'result');
  flow.call('read', [A, boot, BOOT_SIZE - 1]);
  flow.call('close', [A]);
  text(flow, head, ENGINE.boot);
  machine.keep(B, boot);
  flow.expectSameText(A, B, [C, D], missing);
}

// A: the row; D: where the next descriptor is noted.
function openFiles(flow: Flow, { head, files, engine }: Omit<Kept, 'inputs'>, missing: Label): void {
  const { machine, data } = flow;
  const stat = data.reserve(STATX_SIZE);
  const end = data.slot();
  text(flow, head, ENGINE.files[1]);
  machine.save(end, A);
  machine.keep(D, files.plus(8));
  text(flow, head, ENGINE.files[0]);
  // The first is the engine, where it finds what belongs to it beside itself.
  machine.add(A, 8);
  expectState(flow, engine, missing);
  text(flow, head, ENGINE.files[0]);
  flow.loop((done) => {
    machine.jumpIfEqual(A, end, done);
    machine.loadAt(B, A, 8);
    machine.add(B, head);
    flow.callOr(missing, 'openat', [AT_FDCWD, B, O_CLOEXEC, 0]);
    machine.keep(B, 'result');
    machine.storeAt(D, B, 8);
    machine.add(D, 8);
    machine.add(A, 8);
    flow.callOr(missing, 'statx', [B, data.string(''), AT_EMPTY_PATH, STATX_BASIC_STATS, stat]);
    expectState(flow, stat, missing);
  });
}

// A: what statx(2) has to say of the file. It moves on behind that.
function expectState({ machine }: Flow, stat: Address, otherwise: Label): void {
  for (const at of FILE_WORDS) {
    machine.loadAt(B, A, 8);
    machine.keep(C, stat.plus(at));
    machine.loadAt(C, C, 8);
    machine.jumpUnlessEqual(B, C, otherwise);
    machine.add(A, 8);
  }
}
