// What the launcher has to know of its environment.
import type { Label } from '../final/encoder.ts';
import type { Slot } from '../final/memory.ts';
import type { Flow } from './flow.ts';
import { A, B, C } from './machine.ts';
import { asNumber } from './number.ts';

/** Each 1 if it's so. */
export interface Environment {
  /** XDG_RUNTIME_DIR has a value: it may be where the state is (operate/dispatch.ts). */
  hasRuntimeDir: Slot;
  /** USER is root. */
  isRoot: Slot;
  /** There may be descriptors for a container, sd_listen_fds(3). */
  mayListen: Slot;
}

/** Reads it. DEBUG asks for a trace, which only the engine writes. */
export function readEnvironment(flow: Flow, engine: Label): Environment {
  const { machine, data } = flow;
  const found = { hasRuntimeDir: data.slot(), isRoot: data.slot(), mayListen: data.slot() };
  toEnvironment(flow);
  flow.loop((done) => {
    machine.loadAt(B, A, 8);
    machine.jumpIfEqual(B, 0, done);
    machine.add(A, 8);
    machine.loadAt(C, B, 4);
    machine.jumpIfEqual(C, asNumber('DEBU'), engine);
    noteIf(flow, 'LIST', found.mayListen);
    noteIf(flow, 'USER=root\0', found.isRoot);
    noteIf(flow, 'XDG_RUNTIME_DIR=', found.hasRuntimeDir, (no) => {
      machine.loadAt(C, B, 1);
      machine.jumpIfEqual(C, 0, no);
    });
  });
  return found;
}

/** A ← where it begins: behind the arguments' NULL. Overwrites B. */
export function toEnvironment({ machine }: Flow): void {
  machine.stackPointer(A);
  machine.loadAt(B, A, 8);
  machine.add(B, 2);
  for (let times = 0; times < 3; times++) machine.add(B, B); // argc + 2 words of 8 bytes
  machine.add(A, B);
}

// If what B points at begins so, and nothing that is behind that speaks against it.
function noteIf(flow: Flow, start: string, to: Slot, unless: (no: Label) => void = () => {}): void {
  const { machine } = flow;
  const [no, other] = [machine.newLabel(), machine.newLabel()];
  const saved = flow.data.slot();
  machine.loadAt(C, B, 4);
  machine.jumpUnlessEqual(C, asNumber(start.slice(0, 4)), other);
  machine.save(saved, B);
  for (const expected of start) {
    machine.loadAt(C, B, 1);
    machine.jumpUnlessEqual(C, expected.charCodeAt(0), no);
    machine.add(B, 1);
  }
  unless(no);
  machine.keep(C, 1);
  machine.save(to, C);
  machine.label(no);
  machine.keep(B, saved);
  machine.label(other);
}
