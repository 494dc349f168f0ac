// The process of a kept exec: its start, and what it has to say until it's the user's.
import type { Label } from '../final/encoder.ts';
import type { Address, Slot } from '../final/memory.ts';
import { STARTED_SIZE } from '../final/script.ts';
import { KEPT } from '../state/kept-exec-layout.ts';
import { number } from './container.ts';
import type { Descriptors } from './exec-descriptors.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';
import { pathOf } from './pid-file.ts';

const [EINTR, ECONNRESET] = [4, 104];
const CLOSE_RANGE_CLOEXEC = 4;
const LAST_FD = 0xffffffff;
/** CLONE_VM and CLONE_VFORK, as posix_spawn(3) has them; SIGCHLD at the end. */
const CLONE_FLAGS = 0x4100 + 17;
const LAST_SIGNAL = 64;
export const __WALL = 0x40000000;
export const SIGKILL = 9;
const MESSAGE_SIZE = 512;
/** More processes than any program makes. */
const MOST_PIDS = 8;

/** The processes of the program, in the order in which they are heard of; the last becomes the user's. */
export interface Processes {
  pids: Address;
  /** Behind the last of them. */
  end: Slot;
  /** 0 as long as it's unknown. */
  last: Slot;
  /** Not 0 if one of those that were waited for was killed. */
  killed: Slot;
}

/** Starts the program, without anything of the caller's but the standard streams. */
export function startProcess(flow: Flow, kept: Address, fds: Descriptors, failed: Label): Processes {
  const { machine, data } = flow;
  const processes = { pids: data.reserve(8 * MOST_PIDS), end: data.slot(), last: data.slot(), killed: data.slot() };
  const child = machine.newLabel();
  const path = pathOf(flow, fds.program);
  flow.callOr(failed, 'clone', [CLONE_FLAGS, 0, 0, 0, 0]);
  machine.jumpIfResult(0, child);
  machine.keep(C, 'result');
  machine.keep(A, processes.pids);
  machine.storeAt(A, C, 8);
  machine.add(A, 8);
  machine.save(processes.end, A);
  const started = machine.newLabel();
  machine.jump(started);
  machine.label(child);
  becomeProgram(flow, kept, { ...fds, path });
  machine.label(started);
  for (const fd of [fds.sync, fds.pidfd, fds.program]) flow.call('close', [fd]);
  for (const fd of [fds.root, fds.cgroup]) closeIfOpen(flow, fd);
  return processes;
}

function closeIfOpen(flow: Flow, fd: Slot): void {
  const { machine } = flow;
  const none = machine.newLabel();
  machine.keep(A, fd);
  machine.jumpIfEqual(A, 0, none);
  flow.call('close', [A]);
  machine.label(none);
}

// In the child, which shares this program's memory, and nothing else.
function becomeProgram(flow: Flow, kept: Address, fds: Descriptors & { path: Address }): void {
  const { machine, data } = flow;
  const defaultAction = data.bytes(new Uint8Array(32));
  machine.keep(A, 1);
  flow.loop((done) => {
    flow.call('rt_sigaction', [A, defaultAction, 0, 8]);
    machine.add(A, 1);
    machine.jumpIfEqual(A, LAST_SIGNAL + 1, done);
  });
  flow.call('close_range', [3, LAST_FD, CLOSE_RANGE_CLOEXEC]);
  const failed = machine.newLabel();
  for (const [at, fd] of [
    [KEPT.syncFd, fds.sync],
    [KEPT.pidfd, fds.pidfd],
    [KEPT.rootFd, fds.root],
    [KEPT.cgroupFd, fds.cgroup],
  ] as const) {
    const none = machine.newLabel();
    number(flow, kept, at);
    machine.jumpIfEqual(A, 0, none);
    flow.callOr(failed, 'dup3', [fd, A, 0]);
    machine.label(none);
  }
  const [argv, envp] = [data.stringArray(['runts-exec']), data.stringArray([])];
  flow.call('execve', [fds.path, argv, envp]);
  machine.label(failed);
  flow.exit(127);
}

/**
 * Hears the program until it has become the user's. Whatever else it says is a failure: then nothing of the user's has run,
 * and nothing is left. Was one of its processes killed before it could tell the last pid, nobody knows what runs.
 */
export function follow(
  flow: Flow,
  { kept, processes, parent }: { kept: Address; processes: Processes; parent: Slot },
  { failed, lost }: { failed: Label; lost: Label },
): void {
  const { machine, data } = flow;
  const message = data.reserve(MESSAGE_SIZE);
  const isWrong = data.slot();
  const [again, wrong, over, giveUp, isWell] = [0, 0, 0, 0, 0].map(() => machine.newLabel()) as Labels;
  machine.label(again);
  flow.call('read', [parent, message, MESSAGE_SIZE]);
  machine.jumpIfResult(-EINTR, again);
  // protocol.ts: it's told once, and what was said before can still be read.
  machine.jumpIfResult(-ECONNRESET, again);
  machine.jumpIfResult(0, over);
  machine.jumpIfFailed(giveUp);
  machine.keep(B, 'result');
  machine.jumpUnlessEqual(B, STARTED_SIZE, wrong);
  notePid(flow, { kept, processes, message }, wrong);
  machine.jump(again);
  // Also after a failure: a process may be faster than the one that tells its pid.
  machine.label(wrong);
  machine.keep(A, 1);
  machine.save(isWrong, A);
  machine.jump(again);
  machine.label(over);
  machine.keep(A, isWrong);
  machine.jumpUnlessEqual(A, 0, giveUp);
  machine.keep(A, processes.last);
  machine.jumpUnlessEqual(A, 0, isWell);
  endAll(flow, processes);
  machine.keep(A, processes.killed);
  machine.jumpUnlessEqual(A, 0, lost);
  machine.jump(failed);
  machine.label(giveUp);
  endAll(flow, processes);
  machine.jump(failed);
  machine.label(isWell);
  flow.call('close', [parent]);
}

type Labels = [Label, Label, Label, Label, Label];

// struct of the event "started": number, 0, pid, 0, of 4 bytes each.
function notePid(
  flow: Flow,
  { kept, processes, message }: { kept: Address; processes: Processes; message: Address },
  wrong: Label,
): void {
  const { machine } = flow;
  const other = machine.newLabel();
  machine.keep(D, processes.end);
  machine.jumpIfEqual(D, processes.pids.plus(8 * MOST_PIDS), wrong);
  machine.keep(C, message.plus(8));
  machine.loadAt(C, C, 4);
  machine.storeAt(D, C, 8);
  machine.add(D, 8);
  machine.save(processes.end, D);
  machine.keep(D, message);
  machine.loadAt(D, D, 8);
  number(flow, kept, KEPT.lastStart);
  machine.jumpUnlessEqual(A, D, other);
  // Not the last message of them: a process may have its successor before it's told itself.
  machine.keep(A, processes.last);
  machine.jumpUnlessEqual(A, 0, wrong);
  machine.save(processes.last, C);
  machine.label(other);
}

/** Does something for each process, whose pid is in B; A must stay. */
function forEach({ machine }: Flow, { pids, end }: Processes, body: () => void): void {
  const [next, done] = [machine.newLabel(), machine.newLabel()];
  machine.keep(A, pids);
  machine.label(next);
  machine.jumpIfEqual(A, end, done);
  machine.loadAt(B, A, 8);
  body();
  machine.add(A, 8);
  machine.jump(next);
  machine.label(done);
}

/** Kills the processes and waits for them. */
export function endAll(flow: Flow, processes: Processes): void {
  forEach(flow, processes, () => {
    flow.call('kill', [B, SIGKILL]);
    waitFor(flow, processes);
  });
}

/** Waits for all but the last, which end by themselves. */
export function awaitPredecessors(flow: Flow, processes: Processes): void {
  forEach(flow, processes, () => {
    const isLast = flow.machine.newLabel();
    flow.machine.jumpIfEqual(B, processes.last, isLast);
    waitFor(flow, processes);
    flow.machine.label(isLast);
  });
}

// B: the pid. The lowest byte of the status is 0 if the process has exited, wait(2).
function waitFor(flow: Flow, { killed }: Processes): void {
  const { machine, data } = flow;
  const [again, hasExited] = [machine.newLabel(), machine.newLabel()];
  const status = data.slot();
  machine.label(again);
  flow.call('wait4', [B, status.address, __WALL, 0]);
  machine.jumpIfResult(-EINTR, again);
  machine.keep(C, status.address);
  machine.loadAt(C, C, 1);
  machine.jumpIfEqual(C, 0, hasExited);
  machine.save(killed, C);
  machine.label(hasExited);
}
