// What the numbers in a program's reports stand for. Of rows (rows.ts) the words are made only when one is reported.
import type { SyscallName } from '../../bindings/syscalls.ts';
import { callError, RuntimeError } from '../errors.ts';
import type { Event } from './event.ts';
import { ROW_STEP } from './rows.ts';

/** What may be the matter, by errno. */
export type Hints = Readonly<Record<string, string>>;

/** What a number in a report stands for. */
export type Step =
  /** A system call: what it was part of, outermost first, its name and what it was about. */
  | {
      kind: 'call';
      doing: string[];
      name: SyscallName;
      path: string | undefined;
      hints: Hints | undefined;
    }
  /** The program tells that it has come to a point. */
  | { kind: 'event'; doing: string[]; event: Event };

/** Words for an error: the same at all times, or of the row with that index. */
export type Words = string | ((row: number) => string);

/** An event, or that of the row with that index. */
export type RowEvent = Event | ((row: number) => Event);

/** The rows that a loop goes through: `count` of its table, from the one with the index `from`. */
export interface Rows {
  readonly from: number;
  readonly count: number;
}

/** A step as it's noted. */
export type NotedStep = { doing: Words[]; rows?: Rows | undefined } & (
  | {
      kind: 'call';
      name: SyscallName;
      path: Words | undefined;
      hints: Hints | undefined;
    }
  | { kind: 'event'; event: RowEvent }
);

/** The step with a report's number; undefined if there is none. */
export function stepAt(steps: readonly (NotedStep | undefined)[], number: number): Step | undefined {
  const noted = steps[number % ROW_STEP];
  const index = Math.trunc(number / ROW_STEP);
  if (noted === undefined || index >= (noted.rows?.count ?? 1)) return undefined;
  const row = index + (noted.rows?.from ?? 0);
  const doing: string[] = [];
  for (const words of noted.doing) doing.push(wordsOf(words, row));
  if (noted.kind === 'event') {
    return { kind: 'event', doing, event: typeof noted.event === 'function' ? noted.event(row) : noted.event };
  }
  const { name, path, hints } = noted;
  return { kind: 'call', doing, name, path: path === undefined ? undefined : wordsOf(path, row), hints };
}

function wordsOf(words: Words, row: number): string {
  return typeof words === 'string' ? words : words(row);
}

/** The error that a failed step stands for. */
export function stepError(
  script: { stepAt(number: number): Step | undefined },
  number: number,
  errno: string,
  explanation = '',
): RuntimeError {
  const step = script.stepAt(number);
  if (step?.kind !== 'call') throw new Error(`protocol: step ${number} is not a call`);
  const words = explanation.startsWith('e ') ? `(${explanation.slice(2).trim()})` : '';
  const reason = [step.name, step.path, words, errno].filter(Boolean).join(' ');
  const hint = step.hints?.[errno];
  const error = hint === undefined ? callError(reason, step.name, errno) : new RuntimeError(reason, { errno, hint });
  error.steps.push(...step.doing);
  return error;
}
