// Reads a command line that the launcher can answer by itself: `[--root DIR] [--log FILE] [--log-format F] COMMAND ID`.
// Whatever is written in another way is for the engine, which knows all ways, and all errors.

import type { Label } from '../final/encoder.ts';
import type { Address, Slot } from '../final/memory.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';

/** The longest word of a command line: execve(2), MAX_ARG_STRLEN. */
const LONGEST_WORD = 131_072;
const AT_FDCWD = -100;
const O_WRONLY_CREAT_APPEND_CLOEXEC = 0o2002101;

/** What a command line has said. */
export interface CommandLine {
  /** The container's folder, a text. */
  folder: Address;
  /** 1 if --force was given. */
  isForced: Slot;
  /** The path of --log, 0 without. */
  log: Slot;
}

/** The commands there are shortcuts for. */
export type Shortcut = 'state' | 'start' | 'delete';

/**
 * Reads the command line and goes on at a command's label, or at `engine`.
 * @param labels where to go on for each command
 */
export function readCommandLine(flow: Flow, labels: Record<Shortcut, Label>, engine: Label): CommandLine {
  const { machine, data } = flow;
  const line = { folder: data.reserve(2 * LONGEST_WORD + 16), isForced: data.slot(), log: data.slot() };
  const [root, word, kind, hasRuntimeDir] = [data.slot(), data.slot(), data.slot(), data.slot()];
  readEnvironment(flow, hasRuntimeDir, engine);
  machine.stackPointer(A);
  machine.add(A, 16); // argc, argv[0]
  readOptions(flow, { root, log: line.log }, engine);
  machine.save(word, B);
  readCommand(flow, { word, kind, isForced: line.isForced }, engine);
  readId(flow, engine);
  buildFolder(flow, { root, hasRuntimeDir }, line.folder, engine);
  machine.keep(B, kind);
  COMMANDS.forEach((name, index) => {
    machine.jumpIfEqual(B, index, labels[name]);
  });
  machine.jump(engine);
  return line;
}

const COMMANDS: readonly Shortcut[] = ['state', 'start', 'delete'];

// DEBUG asks for a trace, which only the engine writes. XDG_RUNTIME_DIR may be where the state is (operate/dispatch.ts).
// Behind the arguments' NULL is the environment.
function readEnvironment({ machine }: Flow, hasRuntimeDir: Slot, engine: Label): void {
  machine.stackPointer(A);
  machine.loadAt(B, A, 8);
  machine.add(B, 2);
  for (let times = 0; times < 3; times++) machine.add(B, B); // argc + 2 words of 8 bytes
  machine.add(A, B);
  const [next, done] = [machine.newLabel(), machine.newLabel()];
  machine.label(next);
  machine.loadAt(B, A, 8);
  machine.jumpIfEqual(B, 0, done);
  machine.loadAt(C, B, 4);
  machine.jumpIfEqual(C, DEBU, engine);
  machine.add(A, 8);
  machine.jumpUnlessEqual(C, XDG_, next);
  machine.add(B, 'XDG_'.length);
  machine.loadAt(C, B, 4);
  machine.jumpUnlessEqual(C, RUNT, next);
  machine.keep(C, 1);
  machine.save(hasRuntimeDir, C);
  machine.jump(next);
  machine.label(done);
}

// Four letters as the number that they are in memory.
const [DEBU, XDG_, RUNT] = ['DEBU', 'XDG_', 'RUNT'].map((text) => Buffer.from(text).readUInt32LE()) as Numbers;
type Numbers = [number, number, number];

// A: the next word's place. Leaves the first word that is no option in B, the place behind it in A.
function readOptions(flow: Flow, { root, log: path }: { root: Slot; log: Slot }, engine: Label): void {
  const { machine } = flow;
  flow.loop((done) => {
    nextWord(flow, engine);
    machine.loadAt(C, B, 1);
    machine.jumpUnlessEqual(C, '-'.charCodeAt(0), done);
    const [log, format, taken] = [machine.newLabel(), machine.newLabel(), machine.newLabel()];
    is(flow, '--root', log);
    nextWord(flow, engine);
    machine.save(root, B);
    machine.jump(taken);
    machine.label(log);
    is(flow, '--log', format);
    nextWord(flow, engine);
    machine.save(path, B);
    machine.jump(taken);
    machine.label(format);
    is(flow, '--log-format', engine);
    nextWord(flow, engine);
    const text = machine.newLabel();
    is(flow, 'json', text);
    machine.jump(taken);
    machine.label(text);
    is(flow, 'text', engine);
    machine.label(taken);
  });
}

/**
 * Opens the log, as the engine does: one that can't be opened is an error. Only when the engine isn't needed any more: the
 * log may be a pipe whose reader goes by how often it's opened.
 */
export function openLog(flow: Flow, { log }: CommandLine, engine: Label): void {
  const { machine } = flow;
  const none = machine.newLabel();
  machine.keep(A, log);
  machine.jumpIfEqual(A, 0, none);
  flow.callOr(engine, 'openat', [AT_FDCWD, A, O_WRONLY_CREAT_APPEND_CLOEXEC, 0o600]);
  machine.keep(A, 'result');
  flow.call('close', [A]);
  machine.label(none);
}

// B ← the word at A, which moves on. A missing one is the engine's business.
function nextWord({ machine }: Flow, engine: Label): void {
  machine.loadAt(B, A, 8);
  machine.jumpIfEqual(B, 0, engine);
  machine.add(A, 8);
}

// Whether the word in B is this one.
function is(flow: Flow, text: string, otherwise: Label): void {
  flow.machine.keep(D, B);
  flow.expectText(D, text, C, otherwise);
}

function readCommand(flow: Flow, slots: { word: Slot; kind: Slot; isForced: Slot }, engine: Label): void {
  const { machine } = flow;
  const known = machine.newLabel();
  COMMANDS.forEach((name, index) => {
    const other = machine.newLabel();
    machine.keep(B, slots.word);
    is(flow, name, other);
    machine.keep(C, index);
    machine.save(slots.kind, C);
    if (name === 'delete') readForce(flow, slots.isForced);
    machine.jump(known);
    machine.label(other);
  });
  machine.jump(engine);
  machine.label(known);
}

function readForce(flow: Flow, isForced: Slot): void {
  const { machine } = flow;
  const none = machine.newLabel();
  machine.loadAt(B, A, 8);
  machine.jumpIfEqual(B, 0, none);
  is(flow, '--force', none);
  machine.add(A, 8);
  machine.keep(C, 1);
  machine.save(isForced, C);
  machine.label(none);
}

// The last word, in B: the container's id. A name of one folder, which can't lead anywhere else.
function readId(flow: Flow, engine: Label): void {
  const { machine } = flow;
  nextWord(flow, engine);
  machine.loadAt(C, A, 8);
  machine.jumpUnlessEqual(C, 0, engine);
  machine.loadAt(C, B, 1);
  for (const first of [0, '-'.charCodeAt(0), '.'.charCodeAt(0)]) machine.jumpIfEqual(C, first, engine);
  machine.keep(D, B);
  flow.loop((done) => {
    machine.loadAt(C, D, 1);
    machine.jumpIfEqual(C, 0, done);
    machine.jumpIfEqual(C, '/'.charCodeAt(0), engine);
    machine.add(D, 1);
  });
}

// root/id; B has the id. Without --root it's root's folder, and others are the engine's business.
function buildFolder(
  flow: Flow,
  { root, hasRuntimeDir }: { root: Slot; hasRuntimeDir: Slot },
  folder: Address,
  engine: Label,
): void {
  const { machine, data } = flow;
  const given = machine.newLabel();
  machine.keep(A, root);
  machine.jumpUnlessEqual(A, 0, given);
  machine.keep(A, hasRuntimeDir);
  machine.jumpUnlessEqual(A, 0, engine);
  flow.call('getuid', []);
  machine.keep(A, 'result');
  machine.jumpUnlessEqual(A, 0, engine);
  machine.keep(A, data.string('/run/runts'));
  machine.label(given);
  machine.loadAt(C, A, 1);
  machine.jumpIfEqual(C, 0, engine);
  machine.keep(D, folder);
  flow.copyText(D, A, C);
  machine.keep(A, data.string('/'));
  flow.copyText(D, A, C);
  machine.keep(A, B);
  flow.copyText(D, A, C);
}
