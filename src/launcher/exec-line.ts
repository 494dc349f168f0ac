// What a command line of `exec` says that the launcher can do: `exec [-d] [--pid-file F] ID WORD...`, and
// `exec [-d] [--pid-file F] --process F ID`.
import type { Label } from '../final/encoder.ts';
import type { Slot } from '../final/memory.ts';
import type { Flow } from './flow.ts';
import { A, B, C } from './machine.ts';
import { nextWord, option, word } from './words.ts';

export interface ExecLine {
  /** 1 with --detach. */
  isDetached: Slot;
  /** Paths, 0 without. */
  pidFile: Slot;
  process: Slot;
  /** Where the words behind the id are. */
  words: Slot;
}

/** Variables for it. */
export function execLine({ data }: Flow): ExecLine {
  const [isDetached, pidFile, process, words] = [0, 0, 0, 0].map(() => data.slot()) as Slots;
  return { isDetached, pidFile, process, words };
}

type Slots = [Slot, Slot, Slot, Slot];

/** Reads the options. A: the next word's place, of which the first that is no option is the next then. */
export function readExecOptions(flow: Flow, { isDetached, pidFile, process }: ExecLine, engine: Label): void {
  const { machine } = flow;
  flow.loop((done) => {
    machine.loadAt(B, A, 8);
    machine.jumpIfEqual(B, 0, done);
    machine.loadAt(C, B, 1);
    machine.jumpUnlessEqual(C, '-'.charCodeAt(0), done);
    nextWord(flow, engine);
    const taken = machine.newLabel();
    for (const name of ['-d', '--detach']) {
      const other = machine.newLabel();
      word(flow, name, other);
      machine.keep(C, 1);
      machine.save(isDetached, C);
      machine.jump(taken);
      machine.label(other);
    }
    const [file, short, unknown] = [machine.newLabel(), machine.newLabel(), engine];
    option(flow, '--pid-file', { otherwise: file, engine });
    machine.save(pidFile, B);
    machine.jump(taken);
    machine.label(file);
    const found = machine.newLabel();
    option(flow, '--process', { otherwise: short, engine });
    machine.jump(found);
    machine.label(short);
    word(flow, '-p', unknown);
    nextWord(flow, engine);
    machine.label(found);
    machine.save(process, B);
    machine.label(taken);
  });
}
