// The descriptors of a kept exec's process, and its program.
import type { Label } from '../final/encoder.ts';
import type { Address, Slot } from '../final/memory.ts';
import { FIRST_OF_LAUNCHER, KEPT } from '../state/kept-exec-layout.ts';
import { number, text } from './container.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';

const AT_FDCWD = -100;
const [O_CLOEXEC, O_PATH_CLOEXEC] = [0o2000000, 0o12000000];
const [AF_UNIX, SOCK_SEQPACKET_CLOEXEC] = [1, 0o2000005];
const [F_DUPFD_CLOEXEC, F_ADD_SEALS, F_SEAL_ALL] = [1030, 1033, 0xf];
/** MFD_CLOEXEC and MFD_ALLOW_SEALING; MFD_EXEC, which is new in Linux 6.3: bindings/files.ts. */
const [MFD_FLAGS, MFD_EXEC] = [3, 0x10];
const EINVAL = 22;

/** What the program is started with: numbers from FIRST_OF_LAUNCHER on, which stand in nobody's way. */
export interface Descriptors {
  /** The runtime's end of the socketpair. */
  parent: Slot;
  sync: Slot;
  pidfd: Slot;
  root: Slot;
  cgroup: Slot;
  program: Slot;
}

/** Opens all that the program needs. */
export function openDescriptors(
  flow: Flow,
  { kept, pidfd }: { kept: Address; pidfd: Slot },
  failed: Label,
): Descriptors {
  const { machine, data } = flow;
  const slot = () => data.slot();
  const fds = { parent: slot(), sync: slot(), pidfd: slot(), root: slot(), cgroup: slot(), program: slot() };
  machine.keep(A, pidfd);
  lift(flow, fds.pidfd, failed);
  const targets = [
    { at: KEPT.rootFd, path: KEPT.rootPath, flags: O_PATH_CLOEXEC, fd: fds.root },
    { at: KEPT.cgroupFd, path: KEPT.cgroupPath, flags: O_CLOEXEC, fd: fds.cgroup },
  ];
  for (const { at, path, flags, fd } of targets) {
    const none = machine.newLabel();
    number(flow, kept, at);
    machine.jumpIfEqual(A, 0, none);
    text(flow, kept, path);
    flow.callOr(failed, 'openat', [AT_FDCWD, A, flags, 0]);
    machine.keep(A, 'result');
    lift(flow, fd, failed);
    machine.label(none);
  }
  const pair = data.reserve(8);
  flow.callOr(failed, 'socketpair', [AF_UNIX, SOCK_SEQPACKET_CLOEXEC, 0, pair]);
  for (const [at, fd] of [
    [0, fds.parent],
    [4, fds.sync],
  ] as const) {
    machine.keep(A, pair.plus(at));
    machine.loadAt(A, A, 4);
    lift(flow, fd, failed);
  }
  makeProgram(flow, kept, failed);
  lift(flow, fds.program, failed);
  return fds;
}

// The descriptor in A gets a number that no descriptor of the program's has.
function lift(flow: Flow, to: Slot, failed: Label): void {
  flow.callOr(failed, 'fcntl', [A, F_DUPFD_CLOEXEC, FIRST_OF_LAUNCHER]);
  flow.saveResult(to, B);
  flow.call('close', [A]);
}

// A ← a memfd that is sealed and can be executed, but not read: fillProgram in bindings/files.ts.
function makeProgram(flow: Flow, kept: Address, failed: Label): void {
  const { machine, data } = flow;
  const [old, made] = [machine.newLabel(), machine.newLabel()];
  const name = data.string('runts-exec');
  flow.call('memfd_create', [name, MFD_FLAGS + MFD_EXEC]);
  machine.jumpIfResult(-EINVAL, old);
  machine.jumpIfFailed(failed);
  machine.keep(D, 'result');
  machine.jump(made);
  machine.label(old);
  flow.callOr(failed, 'memfd_create', [name, MFD_FLAGS]);
  machine.keep(D, 'result');
  machine.label(made);
  number(flow, kept, KEPT.programSize);
  machine.keep(B, A);
  text(flow, kept, KEPT.program);
  flow.callOr(failed, 'write', [D, A, B]);
  machine.keep(C, 'result');
  machine.jumpUnlessEqual(C, B, failed);
  flow.callOr(failed, 'fchmod', [D, 0o111]);
  flow.callOr(failed, 'fcntl', [D, F_ADD_SEALS, F_SEAL_ALL]);
  machine.keep(A, D);
}
