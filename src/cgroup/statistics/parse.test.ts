import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { exact, flatKeyed, numberList, omitEmpty, times } from './parse.ts';

const test = suite('cgroup/statistics/parse');

test('numbers stay exact in JSON', () => {
  const numbers = ['0', '5', '-1', '9007199254740993', '18446744073709551615', 'max', '', undefined].map(exact);
  assert.is(JSON.stringify(numbers), '[0,5,-1,9007199254740993,18446744073709551615,0,0,0]');
  assert.is(JSON.stringify([times('9007199254740993', 1000n), times(undefined, 5n)]), '[9007199254740993000,0]');
});

test('keys and values', () => {
  assert.equal(
    [...flatKeyed('usage 5\nuser 6\n\nodd')],
    [
      ['usage', '5'],
      ['user', '6'],
    ],
  );
  assert.is(flatKeyed(undefined).size, 0);
});

test('lists of CPUs', () => {
  assert.equal(numberList('0-2,7'), [0, 1, 2, 7]);
  assert.equal(numberList(''), []);
});

test('what Go leaves out', () => {
  assert.equal(omitEmpty({ a: 0, b: [], c: undefined, d: 1, e: '', f: {} }), { d: 1, e: '', f: {} });
});

test.run();
