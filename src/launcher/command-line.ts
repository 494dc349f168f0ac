// Reads a command line that the launcher can answer by itself: `[--root DIR] [--log FILE] [--log-format F] COMMAND ID`,
// where managers have `--systemd-cgroup` as well, which matters to `create` only; for `exec` there's more (exec-line.ts).
// Whatever is written in another way is for the engine, which knows all ways, and all errors.

import type { Label } from '../final/encoder.ts';
import type { Address, Slot } from '../final/memory.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { type ExecLine, execLine, readExecOptions } from './exec-line.ts';
import { expectFile } from './file-type.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';
import { nextWord, option, word } from './words.ts';

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
  exec: ExecLine;
  environment: Environment;
}

/** The commands there are shortcuts for. */
export type Shortcut = 'state' | 'start' | 'delete' | 'exec';

/**
 * Reads the command line and goes on at a command's label, or at `engine`.
 * @param labels where to go on for each command
 */
export function readCommandLine(flow: Flow, labels: Record<Shortcut, Label>, engine: Label): CommandLine {
  const { machine, data } = flow;
  const folder = data.reserve(2 * LONGEST_WORD + 16);
  const environment = readEnvironment(flow, engine);
  const line = { folder, environment, isForced: data.slot(), log: data.slot(), exec: execLine(flow) };
  const [root, first, kind] = [data.slot(), data.slot(), data.slot()];
  machine.stackPointer(A);
  machine.add(A, 16); // argc, argv[0]
  readOptions(flow, { root, log: line.log }, engine);
  machine.save(first, B);
  readCommand(flow, { first, kind }, line, engine);
  readId(flow, { kind, line }, engine);
  buildFolder(flow, { root, line }, engine);
  machine.keep(B, kind);
  COMMANDS.forEach((name, index) => {
    machine.jumpIfEqual(B, index, labels[name]);
  });
  machine.jump(engine);
  return line;
}

const COMMANDS: readonly Shortcut[] = ['state', 'start', 'delete', 'exec'];

// A: the next word's place. Leaves the first word that is no option in B, the place behind it in A.
function readOptions(flow: Flow, { root, log: path }: { root: Slot; log: Slot }, engine: Label): void {
  const { machine } = flow;
  flow.loop((done) => {
    nextWord(flow, engine);
    machine.loadAt(C, B, 1);
    machine.jumpUnlessEqual(C, '-'.charCodeAt(0), done);
    const [log, format, systemd, taken] = [0, 0, 0, 0].map(() => machine.newLabel()) as Labels;
    option(flow, '--root', { otherwise: log, engine });
    machine.save(root, B);
    machine.jump(taken);
    machine.label(log);
    option(flow, '--log', { otherwise: format, engine });
    machine.save(path, B);
    machine.jump(taken);
    machine.label(format);
    option(flow, '--log-format', { otherwise: systemd, engine });
    const text = machine.newLabel();
    word(flow, 'json', text);
    machine.jump(taken);
    machine.label(text);
    word(flow, 'text', engine);
    machine.jump(taken);
    machine.label(systemd);
    word(flow, '--systemd-cgroup', engine);
    machine.label(taken);
  });
}

type Labels = [Label, Label, Label, Label];

/**
 * Opens the log, as the engine does: one that can't be opened is an error. A pipe, whose reader goes by how often it's
 * opened, is left to the engine, which may be needed yet.
 */
export function openLog(flow: Flow, { log }: CommandLine, engine: Label): void {
  const { machine } = flow;
  const none = machine.newLabel();
  machine.keep(A, log);
  machine.jumpIfEqual(A, 0, none);
  const isFile = machine.newLabel();
  expectFile(flow, log, { missing: isFile, otherwise: engine });
  machine.label(isFile);
  flow.callOr(engine, 'openat', [AT_FDCWD, log, O_WRONLY_CREAT_APPEND_CLOEXEC, 0o600]);
  machine.keep(A, 'result');
  flow.call('close', [A]);
  machine.label(none);
}

// The first word's command; the options that some have.
function readCommand(flow: Flow, slots: { first: Slot; kind: Slot }, line: CommandLine, engine: Label): void {
  const { machine } = flow;
  const known = machine.newLabel();
  COMMANDS.forEach((name, index) => {
    const other = machine.newLabel();
    machine.keep(B, slots.first);
    word(flow, name, other);
    machine.keep(C, index);
    machine.save(slots.kind, C);
    if (name === 'delete') readForce(flow, line.isForced);
    if (name === 'exec') readExecOptions(flow, line.exec, engine);
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
  word(flow, '--force', none);
  machine.add(A, 8);
  machine.keep(C, 1);
  machine.save(isForced, C);
  machine.label(none);
}

// The last word but for exec, in B: the container's id. A name of one folder, which can't lead anywhere else.
function readId(flow: Flow, { kind, line }: { kind: Slot; line: CommandLine }, engine: Label): void {
  const { machine } = flow;
  const isRight = machine.newLabel();
  nextWord(flow, engine);
  machine.save(line.exec.words, A);
  machine.keep(C, kind);
  machine.jumpIfEqual(C, COMMANDS.indexOf('exec'), isRight);
  machine.loadAt(C, A, 8);
  machine.jumpUnlessEqual(C, 0, engine);
  machine.label(isRight);
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
function buildFolder(flow: Flow, { root, line }: { root: Slot; line: CommandLine }, engine: Label): void {
  const { machine, data } = flow;
  const { folder, environment } = line;
  const [given, isRoots] = [machine.newLabel(), machine.newLabel()];
  machine.keep(A, root);
  machine.jumpUnlessEqual(A, 0, given);
  flow.call('getuid', []);
  machine.keep(A, 'result');
  machine.jumpUnlessEqual(A, 0, engine);
  machine.keep(A, environment.hasRuntimeDir);
  machine.jumpIfEqual(A, 0, isRoots);
  machine.keep(A, environment.isRoot);
  machine.jumpIfEqual(A, 0, engine);
  machine.label(isRoots);
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
