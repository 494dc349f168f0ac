import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decode, encode } from './protobuf.ts';

const test = suite('managers/protobuf');

test('the example of the documentation', () => assert.is(encode({ 1: 150 }).toString('hex'), '089601'));

test('strings, messages and repeated fields', () => {
  assert.is(encode({ 2: 'testing', 3: { 1: 150 } }).toString('hex'), '120774657374696e671a03089601');
  assert.is(encode({ 1: ['a', 'b'] }).toString('hex'), '0a01610a0162');
});

test('what was encoded is read', () => {
  const long = 'x'.repeat(300);
  assert.equal(
    [...decode(encode({ 1: long, 3: 300 }))],
    [
      [1, long],
      [3, 300],
    ],
  );
});

test.run();
