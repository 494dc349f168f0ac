import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { architectureToken } from '../../bindings/libseccomp.ts';
import { divideRules, isDivisible, wholeRules } from './seccomp-groups.ts';

const test = suite('create/seccomp-groups');

const [X86_64, X86, ARM64] = [0xc000003e, 0x40000003, 0xc00000b7];
const callsOf = (names: string[], numbers: number[]) => ({
  names,
  numbers: Int32Array.from(numbers),
});

/** Divides rules for calls that have these numbers on an architecture. */
function divide(token: number, calls: [name: string, number: number][]) {
  const numbers = calls.map(([, number]) => number);
  const names = calls.map(([name]) => name);
  return divideRules(callsOf(names, numbers), token, Int32Array.from(numbers));
}

test('64 numbers are a group; rules stay in order', () => {
  const { groups, ranges } = divide(X86_64, [
    ['a', 130],
    ['b', 63],
    ['c', 0],
    ['b', 63],
    ['d', 191],
  ]);
  assert.equal(groups, [
    [1, 2, 3],
    [0, 4],
  ]);
  assert.equal(ranges, [
    { from: 0, group: 0 },
    { from: 128, group: 1 },
  ]);
});

test('there is a group even without rules; what the architecture does not have is in none', () => {
  const empty = { groups: [[]], ranges: [{ from: 0, group: 0 }] };
  assert.equal(divide(ARM64, []), empty);
  assert.equal(divide(ARM64, [['a', -1]]), empty);
  assert.equal(divide(ARM64, [['ipc', -10024]]), empty);
});

test('what is multiplexed on x86 stays together, with all its numbers', () => {
  const { groups, ranges, multiplexed } = divide(X86, [
    ['getpid', 20],
    ['socket', -101],
    ['ppoll', 309],
    ['recvmmsg', 337],
    ['send', -1],
  ]);
  assert.equal([groups, multiplexed], [[[0], [2], [1, 3]], 2]);
  const groupOf = (number: number) => ranges.findLast(({ from }) => from <= number)?.group;
  assert.equal([101, 102, 103, 117, 118, 255, 256, 336, 337, 338].map(groupOf), [0, 2, 0, 2, 0, 0, 1, 1, 2, 1]);
  assert.equal([344, 345, 346, 358, 359, 373, 374, 392, 393, 402, 403].map(groupOf), [1, 2, 1, 1, 2, 2, 1, 1, 2, 2, 1]);
});

test('in one group the largest number comes first, and what is multiplexed stays in order', () => {
  const calls = callsOf(['a', 'socket', 'b', 'none', 'a', 'connect', 'c'], [5, 41, 300, -1, 5, 42, -10001]);
  assert.equal(wholeRules(calls), {
    groups: [[2, 0, 4, 1, 5, 6]],
    ranges: [{ from: 0, group: 0 }],
  });
});

test('x86_64, x32, x86, arm64 and arm are divided, others not', () => {
  const divisible = ['x86_64', 'x32', 'x86', 'aarch64', 'arm', 'ppc64le'].map((name) =>
    isDivisible(architectureToken(name) ?? 0),
  );
  assert.equal(divisible, [true, true, true, true, true, false]);
});

test.run();
