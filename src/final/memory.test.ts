import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Address, checkOperand, type Operand, Slot, slotAddress } from './memory.ts';

const test = suite('final/memory');

test('an address moves inside its section', () => {
  const address = new Address('writable', 16).plus(8).plus(4);
  assert.is(address.section, 'writable');
  assert.is(address.offset, 28);
});

test('a slot has an address', () => {
  const address = new Address('zeroed', 8);
  assert.is(slotAddress(new Slot(address)), address);
});

const accepted: Operand[] = [0, -1, 2 ** 53 - 1, -(2n ** 63n), 2n ** 64n - 1n, new Address('bulk', 0)];
for (const operand of accepted) test(`${operand} is an operand`, () => checkOperand(operand));

const refused: Operand[] = [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2n ** 63n) - 1n, 2n ** 64n];
for (const operand of refused) {
  test(`${operand} is not an operand`, () => assert.throws(() => checkOperand(operand), /not (an exact|a 64-bit)/));
}

test.run();
