// What the kernel has put on the stack, execve(2): the words, the environment and the auxiliary vector, getauxval(3).
import type { Slot } from '../final/memory.ts';
import { toEnvironment } from './environment.ts';
import type { Flow } from './flow.ts';
import { A, B, C } from './machine.ts';
import { asNumber } from './number.ts';

const [AT_SYSINFO_EHDR, AT_EXECFN] = [33, 31];
/** What ld.so(8) and the C library have to find when they start. */
const FOR_LIBRARIES = ['LD_A', 'LD_L', 'LD_P', 'GLIB'];

/** The caller's part of the stack. */
export interface Caller {
  /** How many words there are. */
  words: Slot;
  /** Where the words' texts begin, and where those of the environment end, which are behind them. */
  textStart: Slot;
  textEnd: Slot;
  /** Where the vDSO is. */
  vdso: Slot;
  /** Not 0 if there are variables for libraries. */
  isForLibraries: Slot;
}

/** Looks at it, before anything is moved there. */
export function noteCaller(flow: Flow): Caller {
  const { machine, data } = flow;
  const slot = () => data.slot();
  const caller = { words: slot(), textStart: slot(), textEnd: slot(), vdso: slot(), isForLibraries: slot() };
  machine.stackPointer(A);
  machine.loadAt(B, A, 8);
  machine.save(caller.words, B);
  machine.add(A, 8);
  machine.loadAt(B, A, 8);
  machine.save(caller.textStart, B);
  toEnvironment(flow);
  flow.loop((done) => {
    machine.loadAt(B, A, 8);
    machine.add(A, 8);
    machine.jumpIfEqual(B, 0, done);
    machine.loadAt(C, B, 4);
    for (const name of FOR_LIBRARIES) noteIf(flow, asNumber(name), caller.isForLibraries);
  });
  flow.loop((done) => {
    machine.loadAt(C, A, 8);
    machine.jumpIfEqual(C, 0, done);
    machine.add(A, 8);
    machine.loadAt(B, A, 8);
    machine.add(A, 8);
    noteIf(flow, AT_SYSINFO_EHDR, caller.vdso);
    noteIf(flow, AT_EXECFN, caller.textEnd);
  });
  return caller;
}

// The variable ← B, if C is that. What B is then is never 0.
function noteIf({ machine }: Flow, value: number | bigint, to: Slot): void {
  const other = machine.newLabel();
  machine.jumpUnlessEqual(C, value, other);
  machine.save(to, B);
  machine.label(other);
}
