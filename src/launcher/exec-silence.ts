// A seccomp profile that forbids execve may forbid to say so, too: then the process ends without a word, under the name
// that it had as a program of the runtime's.
import type { Label } from '../final/encoder.ts';
import type { Address } from '../final/memory.ts';
import { KEPT } from '../state/kept-exec-layout.ts';
import { number } from './container.ts';
import { endAll, type Processes } from './exec-process.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';
import { decimal } from './pid-file.ts';

const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;
const STAT_SIZE = 64;
const NAME = '(runts-exec) ';
/** How often it's looked at, and how long is waited in between: what dies takes a moment for that. */
const TIMES = 100;
const PAUSE_NANOSECONDS = 100_000n;

/** Ends what is left and goes on at a label if the process has never become the user's. */
export function isSilenced(
  flow: Flow,
  { kept, processes }: { kept: Address; processes: Processes },
  silenced: Label,
): void {
  const { machine, data } = flow;
  const isWell = machine.newLabel();
  number(flow, kept, KEPT.hasFilter);
  machine.jumpIfEqual(A, 0, isWell);
  const path = data.reserve(32);
  machine.keep(D, path);
  machine.keep(A, data.string('/proc/'));
  flow.copyText(D, A, C);
  machine.keep(A, processes.last);
  decimal(flow);
  machine.keep(A, data.string('/stat'));
  flow.copyText(D, A, C);
  const rest = data.slot();
  machine.keep(A, TIMES);
  machine.save(rest, A);
  const isDead = machine.newLabel();
  flow.loop((done) => {
    machine.keep(A, rest);
    machine.jumpIfEqual(A, 0, done);
    machine.add(A, -1);
    machine.save(rest, A);
    look(flow, path, { isDead, isWell });
    const pause = data.bytes(new Uint8Array(BigUint64Array.of(0n, PAUSE_NANOSECONDS).buffer));
    flow.call('ppoll', [0, 0, pause, 0, 0]);
  });
  machine.jump(isWell);
  machine.label(isDead);
  endAll(flow, processes);
  machine.jump(silenced);
  machine.label(isWell);
}

// Goes on behind itself if that can't be told yet.
function look(flow: Flow, path: Address, { isDead, isWell }: { isDead: Label; isWell: Label }): void {
  const { machine, data } = flow;
  const stat = data.reserve(STAT_SIZE + 16);
  flow.callOr(isWell, 'openat', [AT_FDCWD, path, O_CLOEXEC, 0]);
  machine.keep(A, 'result');
  flow.call('read', [A, stat, STAT_SIZE]);
  flow.call('close', [A]);
  machine.keep(A, stat);
  flow.loop((done) => {
    machine.loadAt(C, A, 1);
    machine.jumpIfEqual(C, 0, isWell);
    machine.jumpIfEqual(C, '('.charCodeAt(0), done);
    machine.add(A, 1);
  });
  for (const expected of NAME) {
    machine.loadAt(C, A, 1);
    machine.jumpUnlessEqual(C, expected.charCodeAt(0), isWell);
    machine.add(A, 1);
  }
  machine.loadAt(B, A, 1);
  machine.jumpIfEqual(B, 'Z'.charCodeAt(0), isDead);
  machine.jumpIfEqual(B, 'X'.charCodeAt(0), isDead);
}
