import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isEmptyList, isNumberList } from './number-list.ts';

const test = suite('validate/number-list');

for (const list of ['', '0', '0-3,7', '0,1,2', '1-1', ' 0 - 3 , 7 ', '0-3\n']) {
  test(`${JSON.stringify(list)} is a list`, () => assert.ok(isNumberList(list)));
}
for (const list of [',', '0,', '-1', '1-', '3-2', '0x1', 'all', '1 2', '0-3:1/2', '1;2', '99999999999']) {
  test(`${JSON.stringify(list)} is no list`, () => assert.not(isNumberList(list)));
}
test('absent and blank lists are empty', () => {
  assert.equal([undefined, '', ' ', '0'].map(isEmptyList), [true, true, true, false]);
});

test.run();
