import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { knowsSeccompFlag } from './seccomp.ts';

const test = suite('bindings/seccomp');

test('flags that Linux 5.14 has are known', () => {
  for (const flag of [0x01, 0x02, 0x04]) assert.ok(knowsSeccompFlag(flag), `flag ${flag}`);
});

test('a flag that no kernel has is not', () => assert.not.ok(knowsSeccompFlag(0x40000000)));

test.run();
