// Which rules of a profile go into which of libseccomp's filters: for twice as many rules libseccomp takes four times as
// long, and a few small programs are also faster to run through than a large one.
import { NR_SCMP_ERROR } from '../../bindings/libseccomp.ts';

/** The system calls of the rules, in the profile's order. */
export interface RuleCalls {
  names: readonly string[];
  /** On the machine's own architecture, by which libseccomp knows them on all; negative where that doesn't have them. */
  numbers: Int32Array;
}

export interface Grouping {
  /** The rules of each group, by their indexes, in the order in which libseccomp is to have them. */
  groups: number[][];
  /** Ascending, the first from 0 on. */
  ranges: GroupRange[];
  /** The group of what is multiplexed, if there is one. */
  multiplexed?: number;
}

/** From this system call's number on, up to the next range's, a group decides. */
export interface GroupRange {
  from: number;
  group: number;
}

/** How many numbers each group has, as a power of 2: with half or twice as many libseccomp takes as long. */
const GROUP_BITS = 6;

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

/** Whether `divideRules` knows the architecture. */
export const isDivisible = (token: number): boolean => DIVISIBLE.has(token);

/**
 * Divides the rules by their system calls' numbers.
 * @param token the architecture's
 * @param numbers of the system calls on that architecture; negative: it doesn't have them
 */
export function divideRules({ names }: RuleCalls, token: number, numbers: Int32Array): Grouping {
  const taken = DIVISIBLE.get(token) ?? [];
  const byNumber = new Map<number, number[]>([[0, []]]);
  const together: number[] = [];
  let index = 0;
  for (const number of numbers) {
    if (taken.length > 0 && number !== NR_SCMP_ERROR && MULTIPLEXED.has(names[index] ?? '')) together.push(index);
    else if (number >= 0) {
      const key = number >> GROUP_BITS;
      const group = byNumber.get(key);
      if (group === undefined) byNumber.set(key, [index]);
      else group.push(index);
    }
    index++;
  }
  const keys = [...byNumber.keys()].sort((one, other) => one - other);
  const groups = keys.map((key) => byNumber.get(key) ?? []);
  const ranges = keys.map((key, group) => ({ from: key << GROUP_BITS, group }));
  if (together.length === 0) return { groups, ranges };
  return {
    groups: [...groups, together],
    ranges: overlay(ranges, taken, groups.length),
    multiplexed: groups.length,
  };
}

/** The ranges, but for numbers that another group has. */
function overlay(ranges: GroupRange[], taken: readonly [number, number][], group: number): GroupRange[] {
  const groupAt = (number: number): number => ranges.findLast(({ from }) => from <= number)?.group ?? 0;
  const isTaken = ({ from }: GroupRange): boolean => taken.some(([first, last]) => first <= from && from <= last + 1);
  const all = ranges.filter((range) => !isTaken(range));
  for (const [first, last] of taken) all.push({ from: first, group }, { from: last + 1, group: groupAt(last + 1) });
  return all.sort((one, other) => one.from - other.from);
}

/** All rules as one group, for any architecture. */
export function wholeRules({ names, numbers }: RuleCalls): Grouping {
  const placeOf = (index: number): number => (MULTIPLEXED.has(names[index] ?? '') ? 0 : (numbers[index] ?? 0));
  const known = [...names.keys()].filter((index) => numbers[index] !== NR_SCMP_ERROR);
  // libseccomp keeps a list with ascending numbers and looks for the place from its start. What is said of one system
  // call stays in the profile's order.
  const group = known.sort((one, other) => placeOf(other) - placeOf(one));
  return { groups: [group], ranges: [{ from: 0, group: 0 }] };
}
