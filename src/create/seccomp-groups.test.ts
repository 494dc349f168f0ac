import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { architectureToken } from '../../bindings/libseccomp.ts';
import { CONDITIONAL, divideRules, isDivisible, wholeRules } from './seccomp-groups.ts';

const test = suite('create/seccomp-groups');

const [X86_64, X86, ARM64, ARM] = [0xc000003e, 0x40000003, 0xc00000b7, 0x40000028];
const X32 = 0x4000003e;
const [ALLOW, KILL] = [0x7fff0000, 0];

type Call = [name: string, number: number, action?: number];

const callsOf = (calls: Call[]) => ({
  names: calls.map(([name]) => name),
  numbers: calls.map(([, number]) => number),
  actions: calls.map(([, , action = CONDITIONAL]) => action),
});

/** Divides rules for calls that have these numbers on an architecture. */
function divide(token: number, calls: Call[]) {
  const all = callsOf(calls);
  return divideRules(all, token, all.numbers);
}

/** What is decided for numbers: an action, or "group N". */
const decisions = ({ ranges }: ReturnType<typeof divide>, numbers: number[]) =>
  numbers.map((number) => {
    const range = ranges.findLast(({ from }) => from <= number);
    return range?.action === CONDITIONAL ? `group ${range.group}` : range?.action;
  });

test('calls with conditions are a group, from the highest number down; rules for one stay in order', () => {
  const divided = divide(X86_64, [
    ['a', 130],
    ['b', 63],
    ['c', 0],
    ['b', 63],
  ]);
  assert.equal(divided.groups, [[0, 1, 3, 2]]);
  assert.equal(divided.ranges, [{ from: 0, action: CONDITIONAL, group: 0 }]);
});

test('fifty rules are a group; those for one call stay together', () => {
  const calls = Array.from({ length: 120 }, (_, index): Call => ['a', index >> 1]);
  const divided = divide(X86_64, calls);
  assert.equal(
    divided.groups.map(({ length }) => length),
    [50, 50, 20],
  );
  assert.equal(decisions(divided, [0, 9, 10, 34, 35, 59, 60, 0xffffffff]), [
    ...['group 2', 'group 2', 'group 1', 'group 1'],
    ...['group 0', 'group 0', 'group 0', 'group 0'],
  ]);
});

test('what has no conditions is decided by its number; libseccomp sees each action once', () => {
  const divided = divide(X86_64, [
    ['a', 3, ALLOW],
    ['b', 4, ALLOW],
    ['c', 5, KILL],
    ['d', 7, KILL],
    ['b', 4, ALLOW],
    ['e', 9, ALLOW],
  ]);
  // The first of each from the end.
  assert.equal(divided.groups, [[5, 3]]);
  assert.equal(decisions(divided, [2, 3, 4, 5, 6, 7, 8, 9, 10]), [
    ...['group 0', ALLOW, ALLOW, KILL, 'group 0', 'group 0', 'group 0', 'group 0', 'group 0'],
  ]);
});

test('rules for one call that do not agree are for libseccomp', () => {
  const { groups } = divide(X86_64, [
    ['x', 20, ALLOW],
    ['a', 3, ALLOW],
    ['a', 3, KILL],
    ['b', 2, ALLOW],
    ['b', 2],
    ['c', 1, ALLOW],
  ]);
  assert.equal(groups, [[0, 1, 2, 3, 4]]);
});

test('x32 has its numbers far up; what is below has no rule', () => {
  const divided = divide(X32, [
    ['a', 0x40000200, ALLOW],
    ['b', 0x40000001, ALLOW],
    ['c', 3, ALLOW],
  ]);
  assert.equal(divided.groups, [[0]]);
  assert.equal(decisions(divided, [0, 3, 0x40000000, 0x40000001, 0x40000002]), [
    ...['group 0', 'group 0', 'group 0', ALLOW, 'group 0'],
  ]);
});

test('very high numbers, as arm has some, are for libseccomp', () => {
  const divided = divide(ARM, [
    ['a', 0xf0001, ALLOW],
    ['b', 2, ALLOW],
    ['c', 1, ALLOW],
    ['d', 0xf0002, ALLOW],
  ]);
  assert.equal(divided.groups, [[0, 3, 1]]);
  assert.equal(decisions(divided, [0, 1, 2, 1023, 0xf0001, 0xf0002]), [
    ...['group 0', ALLOW, 'group 0', 'group 0', 'group 0', 'group 0'],
  ]);
});

test('there is a group even without rules; what the architecture does not have is in none', () => {
  const empty = { groups: [[]], ranges: [{ from: 0, action: CONDITIONAL, group: 0 }] };
  assert.equal(divide(ARM64, []), empty);
  assert.equal(divide(ARM64, [['a', -1]]), empty);
  assert.equal(divide(ARM64, [['ipc', -10024, ALLOW]]), empty);
});

test('what is multiplexed on x86 stays together, with all its numbers', () => {
  const divided = divide(X86, [
    ['getpid', 20],
    ['socket', -101, ALLOW],
    ['ppoll', 309, KILL],
    ['recvmmsg', 337, ALLOW],
    ['send', -1],
    ['a', 338, ALLOW],
    ['b', 374, ALLOW],
    ['c', 404, ALLOW],
  ]);
  assert.equal(
    [divided.groups, divided.multiplexed],
    [
      [
        [7, 2, 0],
        [1, 3],
      ],
      1,
    ],
  );
  const decided = [ALLOW, 'group 0', 'group 1'];
  const numbersOf = (decision: string | number) =>
    [101, 102, 103, 117, 118, 336, 337, 338, 339, 345, 346, 358, 359, 373, 374, 375, 393, 402, 403].filter(
      (number) => decisions(divided, [number])[0] === decision,
    );
  assert.equal(decided.map(numbersOf), [
    [338, 374],
    [101, 103, 118, 336, 339, 346, 358, 375, 403],
    [102, 117, 337, 345, 359, 373, 393, 402],
  ]);
});

test('in one group the largest number comes first, and what is multiplexed stays in order', () => {
  const calls = callsOf([
    ['a', 5],
    ['socket', 41],
    ['b', 300],
    ['none', -1],
    ['a', 5],
    ['connect', 42],
    ['c', -10001],
  ]);
  assert.equal(wholeRules(calls), {
    groups: [[2, 0, 4, 1, 5, 6]],
    ranges: [{ from: 0, action: CONDITIONAL, group: 0 }],
  });
});

test('x86_64, x32, x86, arm64 and arm are divided, others not', () => {
  const divisible = ['x86_64', 'x32', 'x86', 'aarch64', 'arm', 'ppc64le'].map((name) =>
    isDivisible(architectureToken(name) ?? 0),
  );
  assert.equal(divisible, [true, true, true, true, true, false]);
});

test.run();
