// The memory of a kept engine: from its file to where it was.
import type { Label } from '../final/encoder.ts';
import type { Address, Slot } from '../final/memory.ts';
import { ANY, ENGINE, MAILBOX } from '../state/kept-engine-layout.ts';
import type { Caller } from './caller.ts';
import { number, text } from './container.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';
import type { X64Machine } from './x86-64.ts';

/** MREMAP_MAYMOVE and MREMAP_FIXED. */
const MOVE_TO = 3;

/** A kept engine whose files are open. */
export interface Opened {
  /** The first part of its file. */
  head: Address;
  /** The descriptors' numbers, 8 bytes each: that of the kept engine first. */
  files: Address;
}

/** What the engine is told. */
export interface Told {
  caller: Caller;
  openFiles: Slot;
  descriptors: Slot;
  others: Slot;
}

const ROW_SIZE = 64;

/** Makes the calls of a list; each has to return what it did then. A: the row. */
export function makeCalls(
  flow: Flow,
  { head, files, list }: Opened & { list: readonly [number, number] },
  otherwise: Label,
): void {
  const machine = flow.machine as X64Machine;
  const end = flow.data.slot();
  text(flow, head, list[1]);
  machine.save(end, A);
  text(flow, head, list[0]);
  flow.loop((done) => {
    const next = machine.newLabel();
    machine.jumpIfEqual(A, end, done);
    machine.keep(B, A);
    machine.add(B, 40);
    machine.loadAt(B, B, 8);
    machine.add(B, files);
    machine.loadAt(B, B, 8);
    machine.callRow(A, B);
    machine.keep(B, 'result');
    machine.add(A, ROW_SIZE - 8);
    machine.loadAt(C, A, 8);
    machine.add(A, 8);
    machine.jumpIfEqual(C, ANY, next);
    machine.jumpUnlessEqual(C, B, otherwise);
    machine.label(next);
  });
}

/** Reads what was in memory. */
export function fillMemory(flow: Flow, { head, files }: Opened, otherwise: Label): void {
  const { machine } = flow;
  number(flow, head, ENGINE.pieceCount);
  machine.keep(B, A);
  number(flow, head, ENGINE.contents);
  machine.keep(C, A);
  text(flow, head, ENGINE.pieces);
  machine.keep(D, files);
  machine.loadAt(D, D, 8);
  flow.call('preadv', [D, A, B, C, 0]);
  machine.keep(B, 'result');
  number(flow, head, ENGINE.contentsSize);
  machine.jumpUnlessEqual(A, B, otherwise);
}

/** Free memory below the engine and above the launcher (executable.ts), for the vDSO's first instruction. */
const ASIDE = 0x1c_0000;

/**
 * Moves the vDSO out of the way: of what the kernel puts at random places, it's the one thing that can be where the engine
 * was. From then on `vdso` is that place.
 */
export function moveVdsoAside(flow: Flow, { head, vdso }: { head: Address; vdso: Slot }, otherwise: Label): void {
  const { machine } = flow;
  eachOfVdso(flow, { head, vdso }, (move) => {
    machine.keep(D, ASIDE);
    machine.add(D, A);
    move(otherwise);
  });
  machine.keep(A, ASIDE);
  machine.save(vdso, A);
}

/** Moves the vDSO to where it was: the C library knows where its functions are. */
export function moveVdso(flow: Flow, { head, vdso }: { head: Address; vdso: Slot }, otherwise: Label): void {
  eachOfVdso(flow, { head, vdso }, (move) => move(otherwise));
}

// A: the row, then how far it is from the first instruction; B: the place; C: the size; D: where it was, and goes to.
function eachOfVdso(
  flow: Flow,
  { head, vdso }: { head: Address; vdso: Slot },
  body: (move: (otherwise: Label) => void) => void,
): void {
  const { machine, data } = flow;
  const [row, end] = [data.slot(), data.slot()];
  text(flow, head, ENGINE.vdso[1]);
  machine.save(end, A);
  text(flow, head, ENGINE.vdso[0]);
  flow.loop((done) => {
    machine.jumpIfEqual(A, end, done);
    machine.loadAt(B, A, 8);
    machine.add(A, 8);
    machine.loadAt(C, A, 8);
    machine.add(A, 8);
    machine.loadAt(D, A, 8);
    machine.add(A, 8);
    machine.save(row, A);
    machine.keep(A, B);
    machine.add(B, vdso);
    body((otherwise) => {
      flow.call('mremap', [B, C, C, MOVE_TO, D]);
      machine.keep(B, 'result');
      machine.jumpUnlessEqual(B, D, otherwise);
    });
    machine.keep(A, row);
  });
}

/** The C library is told the thread's id. */
export function tellThread(flow: Flow, head: Address): void {
  const { machine } = flow;
  flow.call('getpid', []);
  machine.keep(B, 'result');
  number(flow, head, ENGINE.threadId);
  machine.storeAt(A, B, 8);
}

/** The engine is told what it has to know of the caller. */
export function tell(flow: Flow, told: Told, head: Address): void {
  const { machine } = flow;
  const { caller, openFiles, descriptors, others } = told;
  const { words, textStart, textEnd } = caller;
  const values = { goesOn: 1, words, textStart, textEnd, openFiles, descriptors, others };
  for (const [name, value] of Object.entries(values) as [keyof typeof MAILBOX, number | Slot][]) {
    number(flow, head, ENGINE.mailbox);
    machine.add(A, MAILBOX[name]);
    machine.keep(B, value);
    machine.storeAt(A, B, 8);
  }
}

/** Goes on where the engine was. */
export function leave(flow: Flow, head: Address): void {
  const machine = flow.machine as X64Machine;
  number(flow, head, ENGINE.stack);
  machine.keep(B, A);
  number(flow, head, ENGINE.departure);
  machine.leaveFor(A, B);
}
