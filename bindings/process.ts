// Processes: clone, execve, wait, namespaces, prctl, pidfds and signals.
import { readdirSync } from 'node:fs';
import * as K from './constants.ts';
import { addressOf, type Argument, check, cString, syscall, trySyscall, words64 } from './syscall.ts';

/**
 * clone3(2) with the meaning of fork(2): the child goes on behind the call with a copy of the memory.
 * @param flags CLONE_NEW* and CLONE_PARENT
 * @param cgroupFd the cgroup v2 folder that the child begins in
 * @returns the child's pid in the parent, 0 in the child
 */
export function clone(flags: number, cgroupFd?: number): number {
  if (!isSingleThreaded()) throw new Error('clone in a process with several threads');
  // A child made with CLONE_PARENT signals its death as its new parent's other children do: clone_args says 0.
  const exitSignal = (flags & K.CLONE_PARENT) === 0 ? K.SIGCHLD : 0;
  const allFlags = (flags >>> 0) + (cgroupFd === undefined ? 0 : K.CLONE_INTO_CGROUP);
  const args = words64(allFlags, 0, 0, 0, exitSignal, 0, 0, 0, 0, 0, cgroupFd ?? 0);
  return syscall('clone3', namespaceNames(flags), args, args.length);
}

/** getpid(2): in a child the engine's own idea of it is its parent's. */
export function getpid(): number {
  return trySyscall('getpid');
}

/** Whether this process has one thread, so that its forked child can go on running code. */
export function isSingleThreaded(): boolean {
  return readdirSync('/proc/self/task').length === 1;
}

const NAMESPACE_FLAGS = {
  CLONE_NEWUSER: K.CLONE_NEWUSER,
  CLONE_NEWNS: K.CLONE_NEWNS,
  CLONE_NEWPID: K.CLONE_NEWPID,
  CLONE_NEWNET: K.CLONE_NEWNET,
  CLONE_NEWUTS: K.CLONE_NEWUTS,
  CLONE_NEWIPC: K.CLONE_NEWIPC,
  CLONE_NEWCGROUP: K.CLONE_NEWCGROUP,
  CLONE_NEWTIME: K.CLONE_NEWTIME,
};

function namespaceNames(flags: number): string | undefined {
  const names = Object.entries(NAMESPACE_FLAGS)
    .filter(([, flag]) => (flags & flag) !== 0)
    .map(([name]) => name);
  return names.length === 0 ? undefined : names.join('|');
}

/** unshare(2). */
export function unshare(flags: number): void {
  syscall('unshare', namespaceNames(flags), flags);
}

/** setns(2). */
export function setns(fd: number, flag: number, path?: string): void {
  syscall('setns', path, fd, flag);
}

/** setns(2); -errno instead of an exception. */
export function trySetns(fd: number, flag: number): number {
  return trySyscall('setns', fd, flag);
}

/** execve(2). Returns only by an exception. */
export function execve(path: string, args: string[], env: string[]): never {
  const [argv, keepArgs] = stringArray(args);
  const [envp, keepEnv] = stringArray(env);
  syscall('execve', path, cString(path), argv, envp);
  throw new Error(`execve returned (${keepArgs.length + keepEnv.length})`);
}

/** execveat(2) of the program that a descriptor refers to, with no arguments but its name and no environment. */
export function execveFd(fd: number, name: string): never {
  const [argv, keepArgs] = stringArray([name]);
  const [envp] = stringArray([]);
  syscall('execveat', name, fd, cString(''), argv, envp, K.AT_EMPTY_PATH);
  throw new Error(`execveat returned (${keepArgs.length})`);
}

// The pointers are only good while the strings are reachable: the caller holds on to both.
function stringArray(strings: string[]): [Uint8Array, Uint8Array[]] {
  const buffers = strings.map(cString);
  return [words64(...buffers.map(addressOf), 0), buffers];
}

/** exit_group(2): ends this process at once, without the engine's own ending. */
export function exitNow(status: number): never {
  trySyscall('exit_group', status);
  throw new Error('unreachable');
}

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

const NS_GET_NSTYPE = 0xb703;

/** The CLONE_NEW* flag of the namespace that a descriptor refers to, ioctl_ns(2); undefined if it's no namespace. */
export function namespaceFlag(fd: number): number | undefined {
  const flag = trySyscall('ioctl', fd, NS_GET_NSTYPE, 0);
  return flag < 0 ? undefined : flag;
}

/** prctl(2). */
export function prctl(option: number, ...args: Argument[]): void {
  syscall('prctl', undefined, option, ...args);
}

/** pidfd_open(2); undefined if there's no such process. */
export function pidfdOpen(pid: number): number | undefined {
  const fd = trySyscall('pidfd_open', pid, 0);
  return fd === -3 ? undefined : check('pidfd_open', fd);
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

/** rt_sigaction(2): the default action for a signal. */
export function resetSignal(signal: number): void {
  // struct sigaction all zero: SIG_DFL, no flags, empty mask.
  syscall('rt_sigaction', `signal ${signal}`, signal, new Uint8Array(32), null, 8);
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

/** prlimit(2): sets a limit of this process. */
export function setRlimit(resource: number, { soft, hard }: { soft: bigint; hard: bigint }): void {
  syscall('prlimit64', undefined, 0, resource, words64(soft, hard), null);
}

/** capget(2): the capability sets of this process as bit masks. */
export function capget(): { effective: bigint; permitted: bigint; inheritable: bigint } {
  const header = new Uint8Array(new Uint32Array([K.LINUX_CAPABILITY_VERSION_3, 0]).buffer);
  const data = new Uint32Array(6);
  syscall('capget', undefined, header, new Uint8Array(data.buffer));
  const pair = (low: number) => BigInt(data[low] ?? 0) | (BigInt(data[low + 3] ?? 0) << 32n);
  return { effective: pair(0), permitted: pair(1), inheritable: pair(2) };
}
