import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assertRefused } from './fixtures/files.ts';
import { isSet, orMax, refuse } from './write.ts';

const test = suite('cgroup/write');

test('0 and what is missing are not set, everything else is', () => {
  assert.equal([undefined, 0, -1, 1, 2n ** 63n].map(isSet), [false, false, true, true, true]);
});

test('-1 is unlimited, 64-bit numbers stay exact', () => {
  assert.equal([-1, 0, 5, 9_223_372_036_854_775_807n].map(orMax), ['max', '0', '5', '9223372036854775807']);
});

test('what is refused names the property', () => {
  assertRefused(() => refuse('/r/cpu', 'is impossible'), /^\/r\/cpu: is impossible$/);
});

test.run();
