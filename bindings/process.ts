// Processes: waiting, signals, pidfds, limits, kinds of namespaces. New ones are made by spawn.ts.
import * as K from './constants.ts';
import { check, syscall, trySyscall, words64 } from './syscall.ts';

export interface ExitStatus {
  pid: number;
  /** The exit code, or 128 + the signal's number. */
  code: number;
  /** The signal that ended the process, or 0. */
  signal: number;
}

/**
 * wait4(2).
 * @param pid a child, or -1 for any
 * @returns undefined if there is nothing to report (WNOHANG), or no child
 */
export function wait(pid: number, { block }: { block: boolean }): ExitStatus | undefined {
  const status = new Int32Array(1);
  const memory = new Uint8Array(status.buffer);
  // __WALL: a child made with CLONE_PARENT has no SIGCHLD as its exit signal.
  const options = (block ? 0 : K.WNOHANG) | 0x40000000;
  for (;;) {
    const result = trySyscall('wait4', pid, memory, options, 0);
    if (result === -4) continue;
    if (result === 0 || result === -10) return undefined;
    check('wait4', result);
    const word = status[0] ?? 0;
    const signal = word & 0x7f;
    return { pid: result, signal, code: signal === 0 ? (word >> 8) & 0xff : 128 + signal };
  }
}

const P_PID = 1;
/** WNOHANG, WEXITED, WNOWAIT and __WALL. */
const [NO_HANG, EXITED_STAYING] = [1, 0x41000004];
const CLD_EXITED = 1;

/**
 * waitid(2): how a child has ended, which stays to be waited for: until then nobody else gets its pid.
 * @returns undefined if it hasn't ended (without `block`), or is no child
 */
export function peekEnd(pid: number, { block }: { block: boolean }): ExitStatus | undefined {
  const info = new Int32Array(32);
  const options = EXITED_STAYING | (block ? 0 : NO_HANG);
  for (;;) {
    const result = trySyscall('waitid', P_PID, pid, new Uint8Array(info.buffer), options, 0);
    if (result === -4) continue;
    if (result === -10) return undefined;
    check('waitid', result);
    // siginfo_t: number, errno, code, padding; pid, uid, status.
    const [, , how, , ended = 0, , status = 0] = info;
    if (ended === 0) return undefined;
    return how === CLD_EXITED ? { pid, signal: 0, code: status } : { pid, signal: status, code: 128 + status };
  }
}

const NS_GET_NSTYPE = 0xb703;

/** The CLONE_NEW* flag of the namespace that a descriptor refers to, ioctl_ns(2); undefined if it's no namespace. */
export function namespaceFlag(fd: number): number | undefined {
  const flag = trySyscall('ioctl', fd, NS_GET_NSTYPE, 0);
  return flag < 0 ? undefined : flag;
}

/** pidfd_open(2); undefined if there's no such process. */
export function pidfdOpen(pid: number): number | undefined {
  const fd = trySyscall('pidfd_open', pid, 0);
  // EINVAL, before Linux 6.15: nobody but a thread has that number, or only a session or a group of processes.
  return fd === -3 || (fd === -22 && pid > 0) ? undefined : check('pidfd_open', fd);
}

/** pidfd_send_signal(2). Returns false if the process has ended. */
export function pidfdSendSignal(pidfd: number, signal: number): boolean {
  const result = trySyscall('pidfd_send_signal', pidfd, signal, null, 0);
  if (result === -3) return false;
  check('pidfd_send_signal', result, `signal ${signal}`);
  return true;
}

/** kill(2). Returns false if there is no such process. */
export function kill(pid: number, signal: number): boolean {
  const result = trySyscall('kill', pid, signal);
  if (result === -3) return false;
  check('kill', result, `${pid}`);
  return true;
}

/** rt_sigprocmask(2), SIG_SETMASK: blocks exactly the signals of a mask; bit 0 is signal 1. */
export function setSignalMask(mask: bigint): void {
  syscall('rt_sigprocmask', undefined, K.SIG_SETMASK, words64(mask), null, 8);
}

/** signalfd4(2) for the signals of a mask, which must be blocked. Returns a descriptor. */
export function signalfd(mask: bigint): number {
  return syscall('signalfd4', undefined, -1, words64(mask), 8, K.SFD_CLOEXEC);
}

/** prlimit(2): the limits of a process (0: this one) for a resource number. */
export function getRlimit(pid: number, resource: number): { soft: bigint; hard: bigint } {
  const limits = new BigUint64Array(2);
  syscall('prlimit64', undefined, pid, resource, null, new Uint8Array(limits.buffer));
  return { soft: limits[0] ?? 0n, hard: limits[1] ?? 0n };
}
