// `state`, `start` and `delete` of a plain container, without the engine: what takes 6 ms with it takes half of one; and
// `exec`, if it was done before. Each does what the command's file in src/operate/ does; whatever is not plain is left to
// that, before anything is changed.
import type { Label } from '../final/encoder.ts';
import { BRIEF } from '../state/brief-layout.ts';
import { type CommandLine, openLog, readCommandLine } from './command-line.ts';
import { number, type Opened, openContainer, openLocked, text } from './container.ts';
import { remove } from './delete.ts';
import { exec } from './exec.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';
import { type NumberVariable, writeNumber } from './number.ts';
import { awaitStart } from './started.ts';
import { type BriefStatus, findStatus } from './status.ts';
import { expectChildren } from './supervise.ts';

const O_WRONLY_NONBLOCK_CLOEXEC = 0o2004001;
const O_RDONLY_NONBLOCK = 0o4000;
const SIGPIPE = 13;
/** struct sigaction of the kernel's, with SIG_IGN, and the size of its mask. */
const [IGNORE, MASK_SIZE] = [new Uint8Array(BigUint64Array.of(1n, 0n, 0n, 0n).buffer), 8];

export interface ShortcutOptions {
  /** Becomes the descriptor of the result once the container process has been told to go on. */
  released: NumberVariable;
  /** A digest of what runts is built from. */
  sources: bigint;
}

/** Answers what it can, and goes on behind itself otherwise. */
export function shortcuts(flow: Flow, { released, sources }: ShortcutOptions): void {
  const { machine } = flow;
  const label = () => machine.newLabel();
  const engine = label();
  const labels = { state: label(), start: label(), delete: label(), exec: label() };
  const line = readCommandLine(flow, labels, engine);
  machine.label(labels.state);
  state(flow, line, engine);
  machine.label(labels.start);
  start(flow, line, { released, engine });
  machine.label(labels.delete);
  remove(flow, line, engine);
  machine.label(labels.exec);
  exec(flow, line, { sources, engine });
  machine.label(engine);
  expectChildren(flow);
}

function statusLabels({ machine }: Flow): Record<BriefStatus, Label> {
  return {
    created: machine.newLabel(),
    running: machine.newLabel(),
    paused: machine.newLabel(),
    stopped: machine.newLabel(),
  };
}

// A write that nobody reads is an error then; the engine does the same for itself.
function ignoreBrokenPipes(flow: Flow): void {
  flow.call('rt_sigaction', [SIGPIPE, flow.data.bytes(IGNORE), 0, MASK_SIZE]);
}

function state(flow: Flow, line: CommandLine, engine: Label): void {
  const { machine, data } = flow;
  const opened = openContainer(flow, line.folder, engine);
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
  openLog(flow, line, engine);
  ignoreBrokenPipes(flow);
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

// operate/release.ts. If the process doesn't go on, reports that it can't, or is over, the engine finds out why: it's told
// that the byte is written, and inherits the descriptor of the result's FIFO: a new one would see no end of it.
function start(flow: Flow, line: CommandLine, { released, engine }: { released: NumberVariable; engine: Label }): void {
  const { machine, data } = flow;
  const opened = openLocked(flow, line.folder, engine);
  number(flow, opened.brief, BRIEF.canStart);
  machine.jumpUnlessEqual(A, 1, engine);
  const created = machine.newLabel();
  findStatus(flow, opened, { created, running: engine, paused: engine, stopped: engine }, engine);
  machine.label(created);
  openLog(flow, line, engine);
  const result = data.slot();
  flow.callOr(engine, 'openat', [opened.folderFd, data.string('result'), O_RDONLY_NONBLOCK, 0]);
  machine.keep(A, 'result');
  machine.save(result, A);
  flow.callOr(engine, 'openat', [opened.folderFd, data.string('start'), O_WRONLY_NONBLOCK_CLOEXEC, 0]);
  machine.keep(B, 'result');
  ignoreBrokenPipes(flow);
  flow.callOr(engine, 'write', [B, data.bytes(Uint8Array.of(1)), 1]);
  flow.call('close', [B]);
  machine.keep(A, result);
  writeNumber(machine, A, released);
  awaitStart(flow, { brief: opened.brief, result }, engine);
  flow.exit(0);
}
