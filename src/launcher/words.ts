// The words of a command line. A: the next word's place; B: a word.
import type { Label } from '../final/encoder.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D } from './machine.ts';

/** B ← the word at A, which moves on. A missing one is the engine's business. */
export function nextWord({ machine }: Flow, engine: Label): void {
  machine.loadAt(B, A, 8);
  machine.jumpIfEqual(B, 0, engine);
  machine.add(A, 8);
}

/** Goes on at a label unless the word in B is this one. Overwrites C and D. */
export function word(flow: Flow, text: string, otherwise: Label): void {
  flow.machine.keep(D, B);
  flow.expectText(D, text, C, otherwise);
}

/** B ← the value of an option that is the word in B: the next word, or what is behind a `=`. Overwrites C and D. */
export function option(flow: Flow, name: string, { otherwise, engine }: { otherwise: Label; engine: Label }): void {
  const { machine } = flow;
  const [other, found] = [machine.newLabel(), machine.newLabel()];
  word(flow, name, other);
  nextWord(flow, engine);
  machine.jump(found);
  machine.label(other);
  machine.keep(D, B);
  for (const expected of `${name}=`) {
    machine.loadAt(C, D, 1);
    machine.jumpUnlessEqual(C, expected.charCodeAt(0), otherwise);
    machine.add(D, 1);
  }
  machine.keep(B, D);
  machine.label(found);
}
