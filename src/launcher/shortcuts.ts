// `state`, `start` and `delete` of a plain container, without the engine: what takes 6 ms with it takes half of one. Each
// does what the command's file in src/operate/ does; whatever is not plain is left to that, before anything is changed.
import type { Label } from '../final/encoder.ts';
import type { Slot } from '../final/memory.ts';
import { BRIEF } from '../state/brief-layout.ts';
import { type CommandLine, readCommandLine } from './command-line.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';
import { type NumberVariable, writeNumber } from './number.ts';
import {
  type BriefStatus,
  findStatus,
  number,
  type Opened,
  openContainer,
  readBrief,
  readStat,
  text,
} from './status.ts';

const AT_FDCWD = -100;
const AT_REMOVEDIR = 0x200;
const ENOENT = 2;
const [LOCK_EX, LOCK_NB] = [2, 4];
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
const STATX_SIZE = 256;
const STATX_NLINK = 16;
const O_WRONLY_NONBLOCK_CLOEXEC = 0o2004001;
const O_RDONLY_NONBLOCK = 0o4000;
const POLLIN = 1;
/** What proc_pid_stat(5) calls a process that is over: zombie, dead. */
const ENDED = ['Z'.charCodeAt(0), 'X'.charCodeAt(0)];
/** How long the process may take before the engine looks what holds it up. */
const PATIENCE_SECONDS = 1n;

/** Flags that have numbers of their own on each architecture: folders only, no links. */
const OPEN_FOLDER = { x64: 0o200000 | 0o400000, arm64: 0o40000 | 0o100000 } as const;

/**
 * Answers what it can, and goes on behind itself otherwise.
 * @param released becomes the descriptor of the result once the container process has been told to go on
 */
export function shortcuts(flow: Flow, released: NumberVariable): void {
  const { machine } = flow;
  const engine = machine.newLabel();
  const labels = { state: machine.newLabel(), start: machine.newLabel(), delete: machine.newLabel() };
  const line = readCommandLine(flow, labels, engine);
  machine.label(labels.state);
  state(flow, line, engine);
  machine.label(labels.start);
  start(flow, line, { released, engine });
  machine.label(labels.delete);
  remove(flow, line, engine);
  machine.label(engine);
}

function statusLabels({ machine }: Flow): Record<BriefStatus, Label> {
  return {
    created: machine.newLabel(),
    running: machine.newLabel(),
    paused: machine.newLabel(),
    stopped: machine.newLabel(),
  };
}

function state(flow: Flow, { folder }: CommandLine, engine: Label): void {
  const { machine, data } = flow;
  const opened = openContainer(flow, folder, OPEN_FOLDER[flow.architecture], engine);
  readBrief(flow, opened, engine);
  const labels = statusLabels(flow);
  const print = machine.newLabel();
  findStatus(flow, opened, labels, engine);
  const output = data.reserve(32768);
  for (const status of ['created', 'running', 'paused', 'stopped'] as const) {
    machine.label(labels[status]);
    machine.keep(D, output);
    append(flow, opened, BRIEF.beforePid);
    if (status === 'stopped') appendText(flow, '0');
    else append(flow, opened, BRIEF.pid);
    append(flow, opened, BRIEF.beforeStatus);
    appendText(flow, status);
    append(flow, opened, BRIEF.afterStatus);
    machine.jump(print);
  }
  machine.label(print);
  machine.keep(A, output);
  flow.loop((done) => {
    machine.jumpIfEqual(A, D, done);
    length(flow);
    // A full disk, or nobody who reads it: the engine knows what to say.
    flow.callOr(engine, 'write', [1, A, B]);
    machine.keep(B, 'result');
    machine.add(A, B);
  });
  flow.exit(0);
}

// B ← how many bytes there are from A on, up to the NUL.
function length(flow: Flow): void {
  const { machine } = flow;
  machine.keep(B, 0);
  const saved = flow.data.slot();
  machine.save(saved, A);
  flow.loop((done) => {
    machine.jumpIfEqual(A, D, done);
    machine.add(A, 1);
    machine.add(B, 1);
  });
  machine.keep(A, saved);
}

// D: the end of the output.
function append(flow: Flow, { brief }: Opened, at: number): void {
  text(flow, brief, at);
  flow.copyText(D, A, C);
}

function appendText(flow: Flow, literal: string): void {
  flow.machine.keep(A, flow.data.string(literal));
  flow.copyText(D, A, C);
}

// The lock of operate/lock.ts; who has to wait for it, or gets it for a folder that is removed, leaves it to the engine.
function openLocked(flow: Flow, { folder }: CommandLine, engine: Label): Opened {
  const { machine, data } = flow;
  const opened = openContainer(flow, folder, OPEN_FOLDER[flow.architecture], engine);
  flow.callOr(engine, 'flock', [opened.folderFd, LOCK_EX | LOCK_NB]);
  const stat = data.reserve(STATX_SIZE);
  const nothing = data.string('');
  flow.callOr(engine, 'statx', [opened.folderFd, nothing, AT_EMPTY_PATH, STATX_BASIC_STATS, stat]);
  machine.keep(A, stat.plus(STATX_NLINK));
  machine.loadAt(A, A, 4);
  machine.jumpIfEqual(A, 0, engine);
  readBrief(flow, opened, engine);
  return opened;
}

// operate/release.ts. If the process doesn't go on, reports that it can't, or is over, the engine finds out why: it's told
// that the byte is written, and inherits the descriptor of the result's FIFO: a new one would see no end of it.
function start(flow: Flow, line: CommandLine, { released, engine }: { released: NumberVariable; engine: Label }): void {
  const { machine, data } = flow;
  const opened = openLocked(flow, line, engine);
  number(flow, opened.brief, BRIEF.canStart);
  machine.jumpUnlessEqual(A, 1, engine);
  const created = machine.newLabel();
  findStatus(flow, opened, { created, running: engine, paused: engine, stopped: engine }, engine);
  machine.label(created);
  const result = data.slot();
  flow.callOr(engine, 'openat', [opened.folderFd, data.string('result'), O_RDONLY_NONBLOCK, 0]);
  machine.keep(A, 'result');
  machine.save(result, A);
  flow.callOr(engine, 'openat', [opened.folderFd, data.string('start'), O_WRONLY_NONBLOCK_CLOEXEC, 0]);
  machine.keep(B, 'result');
  flow.callOr(engine, 'write', [B, data.bytes(Uint8Array.of(1)), 1]);
  machine.keep(A, result);
  writeNumber(machine, A, released);
  awaitResult(flow, result, engine);
  readStat(flow, opened.brief, { gone: engine, engine });
  machine.loadAt(C, A, 1);
  const [over, well] = [machine.newLabel(), machine.newLabel()];
  for (const ended of ENDED) machine.jumpIfEqual(C, ended, over);
  machine.jump(well);
  machine.label(over);
  isStillInit(flow, { otherwise: well });
  machine.jump(engine);
  machine.label(well);
  flow.exit(0);
}

// A: at the state, behind the name. A process that is over under its first name has never become the user's program.
function isStillInit({ machine }: Flow, { otherwise }: { otherwise: Label }): void {
  const name = '(runts-init) ';
  machine.keep(D, A);
  machine.add(D, -name.length);
  for (const expected of name) {
    machine.loadAt(C, D, 1);
    machine.jumpUnlessEqual(C, expected.charCodeAt(0), otherwise);
    machine.add(D, 1);
  }
}

// struct pollfd, poll(2): descriptor, events, revents.
function awaitResult(flow: Flow, result: Slot, engine: Label): void {
  const { machine, data } = flow;
  const poll = data.reserve(8);
  machine.keep(C, poll);
  machine.keep(D, result);
  machine.storeAt(C, D, 8);
  machine.add(C, 4);
  machine.keep(D, POLLIN);
  machine.storeAt(C, D, 1);
  // The kernel writes into it how much was left.
  const timeout = data.writableBytes(new Uint8Array(BigUint64Array.of(PATIENCE_SECONDS, 0n).buffer));
  flow.callOr(engine, 'ppoll', [poll, 1, timeout, 0, 0]);
  machine.jumpIfResult(0, engine);
  machine.add(C, 2);
  machine.loadAt(D, C, 1);
  machine.lowestDigit(D, D);
  machine.jumpIfEqual(D, POLLIN, engine);
}

// operate/delete.ts
function remove(flow: Flow, line: CommandLine, engine: Label): void {
  const { machine, data } = flow;
  const opened = openLocked(flow, line, engine);
  number(flow, opened.brief, BRIEF.canDelete);
  machine.jumpUnlessEqual(A, 1, engine);
  const stopped = machine.newLabel();
  findStatus(flow, opened, { created: engine, running: engine, paused: engine, stopped }, engine);
  machine.label(stopped);
  removeCgroups(flow, opened, engine);
  for (const name of ['created', 'plan.json', 'state.json', 'start', 'result']) {
    flow.call('unlinkat', [opened.folderFd, data.string(name), 0]);
  }
  flow.callOr(engine, 'unlinkat', [AT_FDCWD, line.folder, AT_REMOVEDIR]);
  flow.exit(0);
}

function removeCgroups(flow: Flow, { brief }: Opened, engine: Label): void {
  const { machine } = flow;
  text(flow, brief, BRIEF.cgroups);
  flow.loop((done) => {
    machine.loadAt(C, A, 1);
    machine.jumpIfEqual(C, 0, done);
    const gone = machine.newLabel();
    flow.call('unlinkat', [AT_FDCWD, A, AT_REMOVEDIR]);
    machine.jumpIfResult(-ENOENT, gone);
    machine.jumpIfFailed(engine);
    machine.label(gone);
    flow.loop((end) => {
      machine.loadAt(C, A, 1);
      machine.add(A, 1);
      machine.jumpIfEqual(C, 0, end);
    });
  });
}
