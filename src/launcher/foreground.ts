// The foreground of `run`, once the container process has been told to become the user's program: as operate/run.ts from
// there on. A container may run for weeks; meanwhile the engine would hold 15 MB, this holds 20 kB. And while the
// container starts, the kernel takes the engine's memory back. Whatever isn't plain is the engine's business again.
import type { Architecture } from '../../bindings/syscalls.ts';
import type { Slot } from '../final/memory.ts';
import { BRIEF, BRIEF_SIZE } from '../state/brief-layout.ts';
import { FOREGROUND } from '../state/foreground-layout.ts';
import { lock, number, readBrief } from './container.ts';
import { removeOpened } from './delete.ts';
import { toEnvironment } from './environment.ts';
import { executable } from './executable.ts';
import type { Flow } from './flow.ts';
import { A, B, C } from './machine.ts';
import { type NumberVariable, numberVariable, writeNumber } from './number.ts';
import { awaitStart } from './started.ts';
import { supervise } from './supervise.ts';

const PR_SET_NAME = 15;
const LOCK_UN = 8;
const STANDARD_ERROR = 2;
const FAILED = 1;

/**
 * Assembles it. The engine becomes it (operate/hand-over.ts) with two descriptors, the command's arguments, and an
 * environment that begins with two texts: the engine's path and the container's folder.
 * @returns an executable file
 */
export function foreground(architecture: Architecture): Uint8Array {
  return executable(architecture, build);
}

function build(flow: Flow): void {
  const { machine, data } = flow;
  const way = wayBack(flow);
  const folder = data.slot();
  takeOver(flow, way, folder);
  const [result, folderFd, status] = [data.slot(), data.slot(), data.slot()];
  set(flow, result, FOREGROUND.resultFd);
  set(flow, folderFd, FOREGROUND.folderFd);
  const opened = { folderFd, brief: data.reserve(BRIEF_SIZE) };
  const [notStarted, notRemoved, over] = [machine.newLabel(), machine.newLabel(), machine.newLabel()];
  readBrief(flow, opened, notStarted);
  awaitStart(flow, { brief: opened.brief, result }, notStarted);
  flow.call('close', [result]);
  flow.call('flock', [folderFd, LOCK_UN]);
  const pid = data.slot();
  number(flow, opened.brief, BRIEF.pidNumber);
  machine.save(pid, A);
  supervise(flow, pid);
  machine.save(status, C);
  // Deleted meanwhile: nothing is left to do.
  lock(flow, opened, { isGone: over, engine: notRemoved });
  removeOpened(flow, opened, folder, notRemoved);
  machine.label(over);
  machine.keep(A, status);
  flow.exit(A);
  machine.label(notRemoved);
  machine.keep(A, status);
  goBack(flow, way, { variable: numberVariable(data, 'RUNTS_REMOVE'), folderFd });
  machine.label(notStarted);
  machine.keep(A, result);
  goBack(flow, way, { variable: numberVariable(data, 'RUNTS_RESUME'), folderFd });
}

function set({ machine }: Flow, slot: Slot, value: number): void {
  machine.keep(A, value);
  machine.save(slot, A);
}

/** How to become the engine again. */
interface WayBack {
  engine: Slot;
  argv: Slot;
  /** Its first place is free. */
  envp: Slot;
}

const wayBack = ({ data }: Flow): WayBack => ({ engine: data.slot(), argv: data.slot(), envp: data.slot() });

function takeOver(flow: Flow, { engine, argv, envp }: WayBack, folder: Slot): void {
  const { machine, data } = flow;
  flow.call('prctl', [PR_SET_NAME, data.string('runts')]);
  machine.stackPointer(A);
  machine.add(A, 8);
  machine.save(argv, A);
  toEnvironment(flow);
  machine.loadAt(B, A, 8);
  machine.save(engine, B);
  machine.add(A, 8);
  machine.save(envp, A);
  machine.loadAt(B, A, 8);
  machine.save(folder, B);
}

// A: the variable's value.
function goBack(
  flow: Flow,
  { engine, argv, envp }: WayBack,
  { variable, folderFd }: { variable: NumberVariable; folderFd: Slot },
): void {
  const { machine, data } = flow;
  writeNumber(machine, A, variable);
  machine.keep(A, envp);
  machine.keep(B, variable.address);
  machine.storeAt(A, B, 8);
  // And with it the lock, which the engine takes itself.
  flow.call('close', [folderFd]);
  flow.call('execve', [engine, argv, envp]);
  const message = 'runts: run: the engine cannot be executed any more; `runts delete --force` removes the container\n';
  flow.call('write', [STANDARD_ERROR, data.string(message), message.length]);
  flow.exit(FAILED);
}
