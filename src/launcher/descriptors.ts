// What the launcher notes of the caller's descriptors for the engine, which opens some of its own.
import { LOOKED_AT } from '../state/foreground-layout.ts';
import type { Flow } from './flow.ts';
import { A, C, D } from './machine.ts';
import { type NumberVariable, writeNumber } from './number.ts';

const F_GETFD = 1;
const RLIMIT_NOFILE = 7;
/** In struct pollfd, what is told; of one that isn't open. */
const [REVENTS, POLLNVAL] = [6, 0x20];

/** How many there may be: the engine raises its soft limit. */
export function noteOpenFiles(flow: Flow, variable: NumberVariable): void {
  const { machine, data } = flow;
  const limit = data.reserve(16);
  flow.call('prlimit64', [0, RLIMIT_NOFILE, 0, limit]);
  machine.keep(D, limit);
  machine.loadAt(A, D, 8);
  writeNumber(machine, A, variable);
}

/** How many there are from 3 on, without a gap: what --preserve-fds can mean. */
export function noteDescriptors(flow: Flow, variable: NumberVariable): void {
  const { machine } = flow;
  machine.keep(A, 3);
  flow.loop((done) => {
    flow.call('fcntl', [A, F_GETFD]);
    machine.jumpIfFailed(done);
    machine.add(A, 1);
  });
  machine.add(A, -3);
  writeNumber(machine, A, variable);
}

/**
 * Whether any is open beyond the standard streams, as far as one call can tell: a caller may want it to stay. The entries
 * are struct pollfd, poll(2): descriptor, events, revents.
 */
export function noteOthers(flow: Flow, variable: NumberVariable): void {
  const { machine, data } = flow;
  const entries = new DataView(new ArrayBuffer(8 * LOOKED_AT));
  for (let index = 0; index < LOOKED_AT; index++) entries.setInt32(8 * index, 3 + index, true);
  const poll = data.writableBytes(new Uint8Array(entries.buffer));
  const noTime = data.writableBytes(new Uint8Array(16));
  const [found, none, known] = [machine.newLabel(), machine.newLabel(), machine.newLabel()];
  // EINVAL: more than may be open at all.
  flow.callOr(found, 'ppoll', [poll, LOOKED_AT, noTime, 0, 0]);
  machine.keep(A, poll.plus(REVENTS));
  flow.loop((done) => {
    machine.jumpIfEqual(A, poll.plus(8 * LOOKED_AT + REVENTS), done);
    machine.loadAt(C, A, 1);
    machine.jumpUnlessEqual(C, POLLNVAL, found);
    machine.add(A, 8);
  });
  machine.jump(none);
  machine.label(found);
  machine.keep(A, 1);
  machine.jump(known);
  machine.label(none);
  machine.keep(A, 0);
  machine.label(known);
  writeNumber(machine, A, variable);
}
