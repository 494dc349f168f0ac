// The foreground of `run` and `exec`: passes signals on, reaps, and ends with the program's status.
import { SIGCHLD } from '../../bindings/constants.ts';
import { pollReadable, read } from '../../bindings/files.ts';
import { pidfdOpen, pidfdSendSignal, setSignalMask, signalfd, wait } from '../../bindings/process.ts';
import type { NotifyProxy } from './notify.ts';

// A mask, bit 0 is signal 1. All but SIGKILL (9) and SIGSTOP (19), which can't be blocked, the faults of this process
// (4 ILL, 5 TRAP, 7 BUS, 8 FPE, 11 SEGV, 31 SYS), and the C library's own (32, 33).
const FORWARDED = 0xffff_fffe_3ffb_fa27n;

/**
 * Keeps signals back until `supervise` passes them on. Before anything else is done: one that comes meanwhile waits until
 * there is somebody to pass it on to.
 * @returns a descriptor of signalfd(2)
 */
export function holdSignals(): number {
  setSignalMask(FORWARDED);
  return signalfd(FORWARDED);
}

/** Waits for the container process, passing on signals and reaping orphans. Returns its exit status, 128 + signal. */
export function supervise(pid: number, signalFd: number, notify?: NotifyProxy): number {
  const pidfd = pidfdOpen(pid);
  for (;;) {
    const status = reap(pid);
    if (status !== undefined) return status;
    const [hasSignal, isNotified] = pollReadable([signalFd, notify?.fd ?? -1]);
    if (isNotified === true) notify?.forward();
    if (hasSignal !== true) continue;
    const signal = readSignal(signalFd);
    if (signal !== SIGCHLD && pidfd !== undefined) pidfdSendSignal(pidfd, signal);
  }
}

/** Collects the children that have ended. Returns the exit status of one of them, if it's among these. */
export function reap(pid: number): number | undefined {
  let status: number | undefined;
  for (;;) {
    const ended = wait(-1, { block: false });
    if (ended === undefined) return status;
    if (ended.pid === pid) status = ended.code;
  }
}

/** The next signal: struct signalfd_siginfo, signalfd(2), is 128 bytes, the number comes first. */
export function readSignal(fd: number): number {
  const info = new Uint8Array(128);
  read(fd, info);
  return new DataView(info.buffer).getUint32(0, true);
}
