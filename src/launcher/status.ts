// A container's status, as src/state/status.ts has it, by the brief that `create` has left.

import type { Label } from '../final/encoder.ts';
import type { Address } from '../final/memory.ts';
import { BRIEF } from '../state/brief-layout.ts';
import { type Opened, text } from './container.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';

const AT_FDCWD = -100;
const [ENOENT, ESRCH, ENXIO] = [2, 3, 6];
const O_CLOEXEC = 0o2000000;
const O_WRONLY_NONBLOCK_CLOEXEC = 0o2004001;

/** The statuses of a container that has been created. */
export type BriefStatus = 'created' | 'running' | 'paused' | 'stopped';

/** Goes on at the label of the container's status. */
export function findStatus(flow: Flow, opened: Opened, labels: Record<BriefStatus, Label>, engine: Label): void {
  const { machine, data } = flow;
  const gone = machine.newLabel();
  readStat(flow, opened.brief, { gone, engine });
  hasEnded(flow, labels.stopped);
  isAnother(flow, opened.brief, { another: labels.stopped, engine });
  hasAnything(flow, opened.brief, engine);
  isFrozen(flow, opened.brief, labels.paused);
  // The process keeps the FIFO open for reading until it becomes the user's program.
  flow.call('openat', [opened.folderFd, data.string('start'), O_WRONLY_NONBLOCK_CLOEXEC, 0]);
  machine.jumpIfResult(-ENXIO, labels.running);
  machine.jumpIfFailed(engine);
  machine.keep(A, 'result');
  flow.call('close', [A]);
  machine.jump(labels.created);
  // Where /proc isn't mounted no process is there.
  machine.label(gone);
  flow.callOr(engine, 'readlinkat', [AT_FDCWD, data.string('/proc/self'), data.reserve(64), 64]);
  machine.jump(labels.stopped);
}

const STAT_SIZE = 4096;

/** A ← the process's state in /proc/PID/stat: behind the last bracket, for its name may have some, proc_pid_stat(5). */
export function readStat(flow: Flow, brief: Address, { gone, engine }: { gone: Label; engine: Label }): void {
  const { machine, data } = flow;
  const stat = data.reserve(STAT_SIZE + 16);
  text(flow, brief, BRIEF.statPath);
  flow.call('openat', [AT_FDCWD, A, O_CLOEXEC, 0]);
  machine.jumpIfResult(-ENOENT, gone);
  machine.jumpIfFailed(engine);
  machine.keep(A, 'result');
  // What is behind it is still zero from the start, or from a longer text before; the end is written.
  flow.call('read', [A, stat, STAT_SIZE]);
  machine.jumpIfResult(-ESRCH, gone);
  machine.jumpIfFailed(engine);
  machine.keep(B, 'result');
  flow.call('close', [A]);
  machine.keep(A, stat);
  machine.add(A, B);
  machine.keep(C, 0);
  machine.storeAt(A, C, 1);
  flow.loop((done) => {
    machine.jumpIfEqual(A, stat, engine);
    machine.add(A, -1);
    machine.loadAt(C, A, 1);
    machine.jumpIfEqual(C, ')'.charCodeAt(0), done);
  });
  machine.add(A, 2);
}

// A: at the state, field 3.
function hasEnded({ machine }: Flow, ended: Label): void {
  machine.loadAt(C, A, 1);
  machine.jumpIfEqual(C, 'Z'.charCodeAt(0), ended);
  machine.jumpIfEqual(C, 'X'.charCodeAt(0), ended);
}

// Field 22 is the start time: another one is another process, whose pid is the same.
function isAnother(flow: Flow, brief: Address, { another, engine }: { another: Label; engine: Label }): void {
  const { machine } = flow;
  machine.keep(D, 19);
  flow.loop((done) => {
    const other = machine.newLabel();
    machine.loadAt(C, A, 1);
    machine.jumpIfEqual(C, 0, engine);
    machine.add(A, 1);
    machine.jumpUnlessEqual(C, ' '.charCodeAt(0), other);
    machine.add(D, -1);
    machine.jumpIfEqual(D, 0, done);
    machine.label(other);
  });
  machine.keep(B, A);
  text(flow, brief, BRIEF.startTime);
  flow.loop((done) => {
    machine.loadAt(C, A, 1);
    machine.jumpIfEqual(C, 0, done);
    machine.loadAt(D, B, 1);
    machine.jumpUnlessEqual(D, C, another);
    machine.add(A, 1);
    machine.add(B, 1);
  });
  machine.loadAt(D, B, 1);
  machine.jumpUnlessEqual(D, ' '.charCodeAt(0), another);
}

// A process that waits for others at its end has given up its namespaces.
function hasAnything(flow: Flow, brief: Address, engine: Label): void {
  text(flow, brief, BRIEF.namespace);
  flow.callOr(engine, 'readlinkat', [AT_FDCWD, A, flow.data.reserve(64), 64]);
}

// "FROZEN" or "FREEZING" on cgroup v1, "1" on v2. A cgroup that is gone freezes nothing.
function isFrozen(flow: Flow, brief: Address, frozen: Label): void {
  const { machine, data } = flow;
  const letter = data.reserve(8);
  for (const at of BRIEF.freezers) {
    const next = machine.newLabel();
    text(flow, brief, at, next);
    flow.callOr(next, 'openat', [AT_FDCWD, A, O_CLOEXEC, 0]);
    machine.keep(A, 'result');
    flow.call('read', [A, letter, 1]);
    flow.call('close', [A]);
    machine.keep(A, letter);
    machine.loadAt(C, A, 1);
    machine.jumpIfEqual(C, 'F'.charCodeAt(0), frozen);
    machine.jumpIfEqual(C, '1'.charCodeAt(0), frozen);
    machine.label(next);
  }
}
