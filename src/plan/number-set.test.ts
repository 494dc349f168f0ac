import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MOST_NUMBERS, maskOf } from './number-set.ts';

const test = suite('plan/number-set');

const numbersIn = (mask: Uint8Array): number[] =>
  [...mask].flatMap((byte, index) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => byte & (1 << bit)).map((b) => index * 8 + b),
  );

const cases: [list: string, numbers: number[]][] = [
  ['', []],
  [' ', []],
  ['0', [0]],
  ['0-3,7', [0, 1, 2, 3, 7]],
  ['7, 9 - 10', [7, 9, 10]],
  ['31,32,63,64', [31, 32, 63, 64]],
  [`${MOST_NUMBERS - 1}-999999999`, [MOST_NUMBERS - 1]],
  [`${MOST_NUMBERS},999999999`, []],
];
for (const [list, numbers] of cases) {
  test(`"${list}" is ${numbers.join(' ') || 'nothing'}`, () => assert.equal(numbersIn(maskOf(list)), numbers));
}

test.run();
