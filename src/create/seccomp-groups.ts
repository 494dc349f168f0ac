// Which rules of a profile libseccomp is needed for, and which of them go into which of its filters: for twice as many
// rules libseccomp takes four times as long. What is said of a system call without conditions is found by its number
// alone, which is also faster to run through.
import { NR_SCMP_ERROR } from '../../bindings/libseccomp.ts';

/** The system calls of the rules, in the profile's order. */
export interface RuleCalls {
  names: readonly string[];
  /** On the machine's own architecture, by which libseccomp knows them on all; negative where that doesn't have them. */
  numbers: readonly number[];
  /** What the rules do; CONDITIONAL if that depends on arguments. */
  actions: readonly number[];
}

/** No action. */
export const CONDITIONAL = -1;

export interface Grouping {
  /** The rules of each group, by their indexes, in the order in which libseccomp is to have them. */
  groups: number[][];
  /** Ascending, the first from 0 on. */
  ranges: CallRange[];
  /** The group of what is multiplexed, if there is one. */
  multiplexed?: number;
}

/** From this system call's number on, up to the next range's, an action is taken; CONDITIONAL: a group decides. */
export interface CallRange {
  from: number;
  action: number;
  group: number;
}

/** Of a range with an action. */
const NO_GROUP = -1;

/** How many rules a group has: with half or twice as many libseccomp takes as long. */
const GROUP_SIZE = 50;

// Calls that are one call on 32-bit architectures (socketcall(2), ipc(2)): there a rule for one of them is one for other
// numbers, too, and may stand in the way of a later rule for all. So all stay together, in the profile's order.
const MULTIPLEXED = new Set(
  `socketcall socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown
   setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg
   ipc semop semget semctl semtimedop msgsnd msgrcv msgget msgctl shmat shmdt shmget shmctl`.split(/\s+/),
);

/** All numbers that these have, from asm/unistd_32.h: first and last. */
const MULTIPLEXED_ON_X86: readonly [number, number][] = [
  [102, 102],
  [117, 117],
  [337, 337],
  [345, 345],
  [359, 373],
  [393, 402],
];

/** The architectures whose calls can be divided: what belongs together there. */
const DIVISIBLE = new Map<number, readonly [number, number][]>([
  [0xc000003e, []],
  [0x4000003e, []],
  [0xc00000b7, []],
  [0x40000028, []],
  [0x40000003, MULTIPLEXED_ON_X86],
]);

/** x32's numbers begin here, all others' at 0. */
const X32 = 0x4000003e;
const X32_SYSCALL_BIT = 0x40000000;

/** Higher than all numbers but those of arm's own calls. */
const MAX_NUMBER = 1024;

/** Whether `divideRules` knows the architecture. */
export const isDivisible = (token: number): boolean => DIVISIBLE.has(token);

/**
 * Divides the rules by their system calls' numbers. What depends on the number alone needs no libseccomp, but for one
 * rule with each action, so that it looks at that.
 * @param token the architecture's
 * @param numbers of the system calls on that architecture; negative: it doesn't have them
 */
export function divideRules(calls: RuleCalls, token: number, numbers: readonly number[]): Grouping {
  const taken = DIVISIBLE.get(token) ?? [];
  const base = token === X32 ? X32_SYSCALL_BIT : 0;
  const { byNumber, above, together } = sortByNumber(calls, numbers, { base, isMultiplexed: taken.length > 0 });
  const { groups, ranges } = divide(calls, byNumber, { above, base });
  if (together.length === 0) return { groups, ranges };
  const multiplexed = groups.length;
  return { groups: [...groups, together], ranges: overlay(ranges, taken, multiplexed), multiplexed };
}

/** The rules for each number, less the base. */
type ByNumber = (number[] | undefined)[];

// Apart from them what has a higher number, and what stays together.
function sortByNumber(
  { names }: RuleCalls,
  numbers: readonly number[],
  { base, isMultiplexed }: { base: number; isMultiplexed: boolean },
) {
  const byNumber: ByNumber = new Array(MAX_NUMBER).fill(undefined);
  const [above, together]: [number[], number[]] = [[], []];
  let [index, highest] = [0, -1];
  for (const number of numbers) {
    if (isMultiplexed && number !== NR_SCMP_ERROR && MULTIPLEXED.has(names[index] ?? '')) together.push(index);
    else if (number >= base + MAX_NUMBER) above.push(index);
    else if (number >= base) {
      if (number - base > highest) highest = number - base;
      const others = byNumber[number - base];
      if (others === undefined) byNumber[number - base] = [index];
      else others.push(index);
    }
    index++;
  }
  byNumber.length = highest + 1;
  return { byNumber, above, together };
}

// From the highest number down: libseccomp keeps a list with ascending numbers and looks for the place from its start.
// What no rule is about is left to libseccomp, too.
function divide({ actions }: RuleCalls, byNumber: ByNumber, { above, base }: { above: number[]; base: number }) {
  const groups: number[][] = [above];
  const ranges = new Ranges(base + byNumber.length);
  const seen = new Set<number>();
  for (let number = byNumber.length - 1; number >= 0; number--) {
    const indexes = byNumber[number];
    const action = indexes === undefined ? CONDITIONAL : commonAction(actions, indexes);
    if (action !== CONDITIONAL && seen.has(action)) {
      ranges.extend(base + number, action, NO_GROUP);
      continue;
    }
    seen.add(action);
    if (indexes !== undefined) {
      if ((groups.at(-1)?.length ?? 0) >= GROUP_SIZE) groups.push([]);
      groups.at(-1)?.push(...indexes);
    }
    ranges.extend(base + number, CONDITIONAL, groups.length - 1);
  }
  ranges.extend(0, CONDITIONAL, groups.length - 1);
  return { groups, ranges: ranges.ascending() };
}

function commonAction(actions: readonly number[], indexes: number[]): number {
  const action = actions[indexes[0] ?? 0] ?? CONDITIONAL;
  for (const index of indexes) if (actions[index] !== action) return CONDITIONAL;
  return action;
}

/** Ranges, made from the end. */
class Ranges {
  readonly #all: CallRange[];
  #last: CallRange;

  constructor(from: number) {
    this.#last = { from, action: CONDITIONAL, group: 0 };
    this.#all = [this.#last];
  }

  /** What is decided from a number on, up to what is known. */
  extend(from: number, action: number, group: number): void {
    const last = this.#last;
    if (from >= last.from) return;
    if (action === last.action && group === last.group) last.from = from;
    else {
      this.#last = { from, action, group };
      this.#all.push(this.#last);
    }
  }

  ascending(): CallRange[] {
    return this.#all.reverse();
  }
}

/** The ranges, but for numbers that another group has. */
function overlay(ranges: CallRange[], taken: readonly [number, number][], group: number): CallRange[] {
  const rangeAt = (number: number) => ranges.findLast(({ from }) => from <= number) as CallRange;
  const isTaken = ({ from }: CallRange): boolean => taken.some(([first, last]) => first <= from && from <= last + 1);
  const all = ranges.filter((range) => !isTaken(range));
  for (const [first, last] of taken)
    all.push({ from: first, action: CONDITIONAL, group }, { ...rangeAt(last + 1), from: last + 1 });
  return all.sort((one, other) => one.from - other.from);
}

/** All rules as one group, for any architecture. */
export function wholeRules({ names, numbers }: RuleCalls): Grouping {
  const placeOf = (index: number): number => (MULTIPLEXED.has(names[index] ?? '') ? 0 : (numbers[index] ?? 0));
  const known = [...names.keys()].filter((index) => numbers[index] !== NR_SCMP_ERROR);
  // libseccomp keeps a list with ascending numbers and looks for the place from its start. What is said of one system
  // call stays in the profile's order.
  const group = known.sort((one, other) => placeOf(other) - placeOf(one));
  return { groups: [group], ranges: [{ from: 0, action: CONDITIONAL, group: 0 }] };
}
