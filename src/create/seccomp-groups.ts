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

/** All numbers that these have, from asm/unistd_32.h. */
const MULTIPLEXED_ON_X86: readonly number[] = [
  102, 117, 337, 345, 359, 360, 361, 362, 363, 364, 365, 366, 367, 368, 369, 370, 371, 372, 373, 393, 394, 395, 396,
  397, 398, 399, 400, 401, 402,
];

const [X86_64, X86, ARM64, ARM] = [0xc000003e, 0x40000003, 0xc00000b7, 0x40000028];

/** x32's numbers begin here, all others' at 0. */
const X32 = 0x4000003e;
const X32_SYSCALL_BIT = 0x40000000;

/** Higher than all numbers but those of arm's own calls. */
const MAX_NUMBER = 1024;

/** Whether `divideRules` knows the architecture. */
export const isDivisible = (token: number): boolean =>
  token === X86_64 || token === X86 || token === X32 || token === ARM64 || token === ARM;

/**
 * Divides the rules by their system calls' numbers. What depends on the number alone needs no libseccomp, but for one
 * rule with each action, so that it looks at that.
 * @param token the architecture's
 * @param numbers of the system calls on that architecture; negative: it doesn't have them
 */
export function divideRules(calls: RuleCalls, token: number, numbers: readonly number[]): Grouping {
  const sorted = sortByNumber(calls, numbers, token);
  const { groups, ranges } = divide(calls, sorted);
  return sorted.together.length === 0 ? { groups, ranges } : { groups, ranges, multiplexed: MULTIPLEXED_GROUP };
}

const MULTIPLEXED_GROUP = 1;

/** The rules of an architecture. */
interface Sorted {
  /** For each number, less the base. */
  byNumber: (number[] | undefined)[];
  base: number;
  /** With numbers above those. */
  above: number[];
  /** What is multiplexed: at each of its numbers. */
  together: number[];
}

function sortByNumber({ names }: RuleCalls, numbers: readonly number[], token: number): Sorted {
  const base = token === X32 ? X32_SYSCALL_BIT : 0;
  const isMultiplexed = token === X86;
  const sorted: Sorted = { byNumber: new Array(MAX_NUMBER), base, above: [], together: [] };
  const { byNumber, above, together } = sorted;
  let [index, end] = [0, 0];
  for (const number of numbers) {
    if (isMultiplexed && number !== NR_SCMP_ERROR && MULTIPLEXED.has(names[index] ?? '')) together.push(index);
    else if (number >= base + MAX_NUMBER) above.push(index);
    else if (number >= base) {
      const others = byNumber[number - base];
      if (others === undefined) byNumber[number - base] = [index];
      else others.push(index);
      if (number - base >= end) end = number - base + 1;
    }
    index++;
  }
  if (together.length > 0) {
    for (const number of MULTIPLEXED_ON_X86) {
      byNumber[number] = together;
      if (number >= end) end = number + 1;
    }
  }
  byNumber.length = end;
  return sorted;
}

// From the highest number down: libseccomp keeps a list with ascending numbers and looks for the place from its start.
// What no rule is about is left to libseccomp, too.
function divide({ actions }: RuleCalls, { byNumber, base, above, together }: Sorted) {
  const groups = together.length === 0 ? [above] : [above, together];
  let [group, members] = [0, above];
  const ranges = new Ranges(base + byNumber.length);
  const seen = new Set<number>();
  for (let number = byNumber.length - 1; number >= 0; number--) {
    const indexes = byNumber[number];
    if (indexes === together) {
      ranges.extend(base + number, CONDITIONAL, MULTIPLEXED_GROUP);
      continue;
    }
    const action = indexes === undefined ? CONDITIONAL : commonAction(actions, indexes);
    if (action !== CONDITIONAL && seen.has(action)) {
      ranges.extend(base + number, action, NO_GROUP);
      continue;
    }
    seen.add(action);
    if (indexes !== undefined) {
      if (members.length >= GROUP_SIZE) {
        members = [];
        group = groups.push(members) - 1;
      }
      for (const index of indexes) members.push(index);
    }
    ranges.extend(base + number, CONDITIONAL, group);
  }
  ranges.extend(0, CONDITIONAL, group);
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

/** All rules as one group, for any architecture. */
export function wholeRules({ names, numbers }: RuleCalls): Grouping {
  const placeOf = (index: number): number => (MULTIPLEXED.has(names[index] ?? '') ? 0 : (numbers[index] ?? 0));
  const known = [...names.keys()].filter((index) => numbers[index] !== NR_SCMP_ERROR);
  // libseccomp keeps a list with ascending numbers and looks for the place from its start. What is said of one system
  // call stays in the profile's order.
  const group = known.sort((one, other) => placeOf(other) - placeOf(one));
  return { groups: [group], ranges: [{ from: 0, action: CONDITIONAL, group: 0 }] };
}
