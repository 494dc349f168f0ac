// `run`: create and start in one; in the foreground it stays, passes signals on and ends with the container's status.

import { SIGCHLD } from '../../bindings/constants.ts';
import { closeSync } from '../../bindings/file-system.ts';
import { pollReadable, read } from '../../bindings/files.ts';
import { becomeSubreaper } from '../../bindings/privileges.ts';
import { pidfdOpen, pidfdSendSignal, setSignalMask, signalfd, wait } from '../../bindings/process.ts';
import { type CreateOptions, create } from '../create/create.ts';
import { HookError, toRuntimeError } from '../errors.ts';
import { warn } from '../log.ts';
import { destroy } from './delete.ts';
import { lockAgain, unlock } from './lock.ts';
import { type LockedContainer, startLocked } from './start.ts';

export interface RunOptions extends CreateOptions {
  detach: boolean;
  /** The container's state stays after it has ended. */
  keep: boolean;
  noSubreaper: boolean;
}

/** Runs a container. Returns the exit status for this process: the container's, or 0 when detached. */
export async function run(options: RunOptions): Promise<number> {
  if (options.detach) {
    await startOrDestroy({ root: options.root, ...(await create(options)) });
    return 0;
  }
  // Before anything else: a signal that comes during `create` waits until there is somebody to pass it on to.
  setSignalMask(FORWARDED);
  const signalFd = signalfd(FORWARDED);
  if (!options.noSubreaper) becomeSubreaper();
  const container = { root: options.root, ...(await create(options)) };
  await startOrDestroy(container);
  const { record, folderFd } = container;
  unlock(folderFd);
  const code = supervise(record.pid, signalFd);
  if (options.keep || !lockAgain(options.root, record.id, folderFd)) closeSync(folderFd);
  else await destroy(container);
  return code;
}

async function startOrDestroy(container: LockedContainer): Promise<void> {
  try {
    await startLocked(container);
  } catch (error) {
    // After a failed hook that has happened already.
    if (!(error instanceof HookError)) await destroyAfter(container);
    throw error;
  }
}

// The first error is the one to report.
async function destroyAfter(container: LockedContainer): Promise<void> {
  try {
    await destroy(container);
  } catch (error) {
    warn(toRuntimeError(error)?.oneLine ?? String(error));
  }
}

// A mask, bit 0 is signal 1. All but SIGKILL (9) and SIGSTOP (19), which can't be blocked, the faults of this process
// (4 ILL, 5 TRAP, 7 BUS, 8 FPE, 11 SEGV, 31 SYS), and the C library's own (32, 33).
const FORWARDED = 0xffff_fffe_3ffb_fa27n;

/** Waits for the container process, passing on signals and reaping orphans. Returns its exit status, 128 + signal. */
function supervise(pid: number, signalFd: number): number {
  const pidfd = pidfdOpen(pid);
  for (;;) {
    const status = reap(pid);
    if (status !== undefined) return status;
    pollReadable([signalFd]);
    const signal = readSignal(signalFd);
    if (signal !== SIGCHLD && pidfd !== undefined) pidfdSendSignal(pidfd, signal);
  }
}

function reap(pid: number): number | undefined {
  let status: number | undefined;
  for (;;) {
    const ended = wait(-1, { block: false });
    if (ended === undefined) return status;
    if (ended.pid === pid) status = ended.code;
  }
}

// struct signalfd_siginfo, signalfd(2): 128 bytes, the number comes first.
function readSignal(fd: number): number {
  const info = new Uint8Array(128);
  read(fd, info);
  return new DataView(info.buffer).getUint32(0, true);
}
