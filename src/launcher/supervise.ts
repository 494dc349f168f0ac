// The foreground of `exec`, as operate/supervise.ts: passes signals on, reaps, and ends with the process's status.
import type { Slot } from '../final/memory.ts';
import type { Flow } from './flow.ts';
import { A, B, C } from './machine.ts';

/** The mask of operate/supervise.ts. */
const FORWARDED = 0xffff_fffe_3ffb_fa27n;
const [SIG_SETMASK, MASK_SIZE] = [2, 8];
const SIGCHLD = 17;
const WNOHANG_WALL = 0x40000001;
const SIGNALLED = 128;

/** The caller's mask, while signals are held. */
export interface Held {
  mask: Slot;
  /** 1 while they are. */
  isHeld: Slot;
}

/** Variables for it. */
export function held({ data }: Flow): Held {
  return { mask: data.slot(), isHeld: data.slot() };
}

/** wait(2): if the caller ignores SIGCHLD, nobody learns how a child has ended, or that it has. */
export function expectChildren(flow: Flow): void {
  flow.call('rt_sigaction', [SIGCHLD, flow.data.bytes(new Uint8Array(32)), 0, MASK_SIZE]);
}

/** Keeps signals back until they are passed on. */
export function holdSignals(flow: Flow, { mask, isHeld }: Held): void {
  const { machine } = flow;
  expectChildren(flow);
  flow.call('rt_sigprocmask', [SIG_SETMASK, forwarded(flow), mask.address, MASK_SIZE]);
  machine.keep(A, 1);
  machine.save(isHeld, A);
}

/** Lets them come again, for the engine. */
export function releaseSignals(flow: Flow, { mask, isHeld }: Held): void {
  const { machine } = flow;
  const none = machine.newLabel();
  machine.keep(A, isHeld);
  machine.jumpIfEqual(A, 0, none);
  flow.call('rt_sigprocmask', [SIG_SETMASK, mask.address, 0, MASK_SIZE]);
  machine.label(none);
}

const forwarded = ({ data }: Flow) => data.bytes(new Uint8Array(BigUint64Array.of(FORWARDED).buffer));

/** Waits for the process, passing on signals and reaping orphans. In C is its exit status then. */
export function supervise(flow: Flow, pid: Slot): void {
  const { machine, data } = flow;
  const [status, ended] = [data.slot(), machine.newLabel()];
  flow.loop(() => {
    const [next, wait] = [machine.newLabel(), machine.newLabel()];
    machine.label(next);
    flow.call('wait4', [-1, status.address, WNOHANG_WALL, 0]);
    machine.jumpIfResult(0, wait);
    machine.jumpIfFailed(wait);
    machine.keep(B, 'result');
    machine.jumpIfEqual(B, pid, ended);
    machine.jump(next);
    machine.label(wait);
    flow.call('rt_sigtimedwait', [forwarded(flow), 0, 0, MASK_SIZE]);
    machine.jumpIfFailed(next);
    machine.keep(B, 'result');
    machine.jumpIfEqual(B, SIGCHLD, next);
    // Nobody else has this pid before it's waited for.
    flow.call('kill', [pid, B]);
  });
  machine.label(ended);
  exitStatus(flow, status);
}

// wait(2): the lowest 7 bits are the signal, the next tells of a core dump, the next byte is the exit status.
function exitStatus(flow: Flow, status: Slot): void {
  const { machine } = flow;
  const [hasExited, isPlain, known] = [machine.newLabel(), machine.newLabel(), machine.newLabel()];
  machine.keep(A, status.address);
  machine.loadAt(C, A, 1);
  machine.jumpIfEqual(C, 0, hasExited);
  machine.jumpIfAtMost(C, SIGNALLED - 1, isPlain);
  machine.jump(known);
  machine.label(isPlain);
  machine.add(C, SIGNALLED);
  machine.jump(known);
  machine.label(hasExited);
  machine.add(A, 1);
  machine.loadAt(C, A, 1);
  machine.label(known);
}
