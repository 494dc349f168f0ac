// The foreground of `run`, once the container process has been told to become the user's program, and of `exec`: as
// operate/run.ts from there on. A container may run for weeks; meanwhile the engine would hold 11 MB, this holds 28 kB.
// And while the container starts, the kernel takes the engine's memory back. Whatever isn't plain is the engine's business
// again.
import type { Architecture } from '../../bindings/syscalls.ts';
import type { Label } from '../final/encoder.ts';
import type { Slot } from '../final/memory.ts';
import { BRIEF_SIZE } from '../state/brief-layout.ts';
import { FOREGROUND } from '../state/foreground-layout.ts';
import { lock, readBrief } from './container.ts';
import { removeOpened } from './delete.ts';
import { leaveDeletedFolder } from './deleted-folder.ts';
import { toEnvironment } from './environment.ts';
import { executable } from './executable.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';
import { type NumberVariable, numberVariable, writeNumber } from './number.ts';
import { awaitStart } from './started.ts';
import { supervise } from './supervise.ts';

const PR_SET_NAME = 15;
const LOCK_UN = 8;
const STANDARD_ERROR = 2;
const FAILED = 1;

/**
 * Assembles it. The engine becomes it (operate/hand-over.ts) with the command's arguments, and an environment that begins
 * with three texts: the engine's path, the pid, and the folder of the container; for `exec`, which has nothing to remove,
 * no folder. For `run` there are two descriptors.
 * @returns an executable file
 */
export function foreground(architecture: Architecture): Uint8Array {
  return executable(architecture, build);
}

function build(flow: Flow): void {
  const { machine } = flow;
  const taken = takeOver(flow);
  const ofRun = machine.newLabel();
  machine.keep(A, taken.folder);
  machine.loadAt(C, A, 1);
  machine.jumpUnlessEqual(C, 0, ofRun);
  supervise(flow, taken.pid);
  flow.exit(C);
  machine.label(ofRun);
  run(flow, taken);
}

function run(flow: Flow, taken: Taken): void {
  const { machine, data } = flow;
  const [result, folderFd, status] = [data.slot(), data.slot(), data.slot()];
  set(flow, result, FOREGROUND.resultFd);
  set(flow, folderFd, FOREGROUND.folderFd);
  const opened = { folderFd, brief: data.reserve(BRIEF_SIZE) };
  const [notStarted, notRemoved, over] = [machine.newLabel(), machine.newLabel(), machine.newLabel()];
  readBrief(flow, opened, notStarted);
  awaitStart(flow, { brief: opened.brief, result }, notStarted);
  flow.call('close', [result]);
  flow.call('flock', [folderFd, LOCK_UN]);
  supervise(flow, taken.pid);
  machine.save(status, C);
  // Deleted meanwhile: nothing is left to do.
  lock(flow, opened, { isGone: over, engine: notRemoved });
  removeOpened(flow, opened, taken.folder, notRemoved);
  machine.label(over);
  machine.keep(A, status);
  flow.exit(A);
  machine.label(notRemoved);
  machine.keep(A, status);
  goBack(flow, taken, { variable: numberVariable(data, 'RUNTS_REMOVE'), status });
  machine.label(notStarted);
  machine.keep(A, FAILED);
  machine.save(status, A);
  machine.keep(A, result);
  goBack(flow, taken, { variable: numberVariable(data, 'RUNTS_RESUME'), status });
}

function set({ machine }: Flow, slot: Slot, value: number): void {
  machine.keep(A, value);
  machine.save(slot, A);
}

/** What the engine has left. */
interface Taken {
  engine: Slot;
  pid: Slot;
  folder: Slot;
  argv: Slot;
  /** Its first place is free. */
  envp: Slot;
}

function takeOver(flow: Flow): Taken {
  const { machine, data } = flow;
  const [engine, pid, folder, argv, envp] = [data.slot(), data.slot(), data.slot(), data.slot(), data.slot()];
  flow.call('prctl', [PR_SET_NAME, data.string('runts')]);
  machine.stackPointer(A);
  machine.add(A, 8);
  machine.save(argv, A);
  toEnvironment(flow);
  const [left, none] = [machine.newLabel(), machine.newLabel()];
  nextText(flow, none);
  machine.save(engine, B);
  nextText(flow, none);
  readDecimal(flow, pid);
  machine.save(envp, A);
  nextText(flow, none);
  machine.save(folder, B);
  machine.jump(left);
  machine.label(none);
  say(flow, 'runts-foreground is started by runts alone');
  flow.exit(FAILED);
  machine.label(left);
  return { engine, pid, folder, argv, envp };
}

// B ← the text whose place is in A, which goes on.
function nextText({ machine }: Flow, none: Label): void {
  machine.loadAt(B, A, 8);
  machine.jumpIfEqual(B, 0, none);
  machine.add(A, 8);
}

// B: the text. Overwrites C and D.
function readDecimal(flow: Flow, to: Slot): void {
  const { machine } = flow;
  machine.keep(D, 0);
  flow.loop((done) => {
    machine.loadAt(C, B, 1);
    machine.jumpIfEqual(C, 0, done);
    machine.add(B, 1);
    machine.add(C, -'0'.charCodeAt(0));
    machine.add(D, D);
    machine.add(C, D);
    machine.add(D, D);
    machine.add(D, D);
    machine.add(D, C);
  });
  machine.save(to, D);
}

// A: the variable's value. The engine takes the folder's descriptor: by its name, there may be another container by now.
// Without an engine it ends with the status.
function goBack(
  flow: Flow,
  { engine, argv, envp }: Taken,
  { variable, status }: { variable: NumberVariable; status: Slot },
): void {
  const { machine } = flow;
  writeNumber(machine, A, variable);
  machine.keep(A, envp);
  machine.keep(B, variable.address);
  machine.storeAt(A, B, 8);
  leaveDeletedFolder(flow);
  flow.call('execve', [engine, argv, envp]);
  say(flow, 'runts: run: the engine cannot be executed any more; `runts delete --force` removes the container');
  machine.keep(A, status);
  flow.exit(A);
}

function say(flow: Flow, message: string): void {
  flow.call('write', [STANDARD_ERROR, flow.data.string(`${message}\n`), message.length + 1]);
}
