// Whether the container process has become the user's program: operate/release.ts, what follows the byte.
import type { Label } from '../final/encoder.ts';
import type { Address, Slot } from '../final/memory.ts';
import type { Flow } from './flow.ts';
import { A, C, D } from './machine.ts';
import { readStat } from './status.ts';

const [POLLIN, POLLHUP] = [1, 0x10];
/** How long the process may take before the engine looks what holds it up. */
const PATIENCE_SECONDS = 1n;

/** Waits until it has; anything else goes on at `engine`. */
export function awaitStart(flow: Flow, { brief, result }: { brief: Address; result: Slot }, engine: Label): void {
  const { machine } = flow;
  awaitResult(flow, result, engine);
  readStat(flow, brief, { gone: engine, engine });
  const well = machine.newLabel();
  isStillInit(flow, { otherwise: well });
  machine.jump(engine);
  machine.label(well);
}

// A: at the state, behind the name. A process that ends under its first name has never become the user's program; one
// that is just about to take another is looked at by the engine, too.
function isStillInit({ machine }: Flow, { otherwise }: { otherwise: Label }): void {
  const name = '(runts-init) ';
  machine.keep(D, A);
  machine.add(D, -name.length);
  for (const expected of name) {
    machine.loadAt(C, D, 1);
    machine.jumpUnlessEqual(C, expected.charCodeAt(0), otherwise);
    machine.add(D, 1);
  }
}

// struct pollfd, poll(2): descriptor, events, revents.
function awaitResult(flow: Flow, result: Slot, engine: Label): void {
  const { machine, data } = flow;
  const poll = data.reserve(8);
  machine.keep(C, poll);
  machine.keep(D, result);
  machine.storeAt(C, D, 8);
  machine.add(C, 4);
  machine.keep(D, POLLIN);
  machine.storeAt(C, D, 1);
  // The kernel writes into it how much was left.
  const timeout = data.writableBytes(new Uint8Array(BigUint64Array.of(PATIENCE_SECONDS, 0n).buffer));
  flow.callOr(engine, 'ppoll', [poll, 1, timeout, 0, 0]);
  machine.jumpIfResult(0, engine);
  machine.add(C, 2);
  machine.loadAt(D, C, 1);
  machine.jumpUnlessEqual(D, POLLHUP, engine);
}
