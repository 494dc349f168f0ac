import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Data } from './data.ts';
import type { Address } from './memory.ts';

const test = suite('final/data');
const addresses = { constant: 0x1000, bulk: 0x2000, writable: 0x3000, zeroed: 0x4000 };

function words(data: Data, { section, offset }: Address, count: number): number[] {
  const bytes = section === 'bulk' ? data.bulk : data.constant;
  const copy = new Uint8Array(bytes.length);
  bytes.copyTo(copy, 0, addresses);
  return [...new BigInt64Array(copy.buffer.slice(offset, offset + count * 8))].map(Number);
}

test('equal strings share one place', () => {
  const data = new Data();
  assert.equal(data.string('/proc'), data.string('/proc'));
  assert.is(data.constant.length, 6);
});

test('a string with a NUL byte is refused', () => {
  assert.throws(() => new Data().string('a\0b'), /cannot hold a NUL byte: "a\\u0000b"/);
  assert.throws(() => new Data().stringArray(['a', 'b\0']), /NUL/);
});

test('a string array is pointers to strings and a null pointer, apart from the rest', () => {
  const data = new Data();
  data.string('other');
  const array = data.stringArray(['sh', '-c', '']);
  assert.is(array.section, 'bulk');
  assert.equal(words(data, array, 4), [0x2000, 0x2003, 0x2006, 0]);
});

test('an empty string array is a null pointer', () => {
  const data = new Data();
  assert.equal(words(data, data.stringArray([]), 1), [0]);
});

test('pointers may point into any section, and may be null or numbers', () => {
  const data = new Data();
  const list = [data.string('a'), null, data.reserve(4).plus(2), data.writableBytes(Uint8Array.of(1)), -1, 5n];
  assert.equal(words(data, data.pointers(list), 6), [0x1000, 0, 0x4002, 0x3000, -1, 5]);
});

test('what is large goes to a segment of its own, but a seccomp filter never does', () => {
  const data = new Data();
  assert.is(data.string('x'.repeat(5000)).section, 'bulk');
  assert.is(data.pointers(new Array(5000).fill(null)).section, 'bulk');
  assert.is(data.bytes(new Uint8Array(32768)).section, 'constant');
  assert.is(data.bytes(new Uint8Array(32769)).section, 'bulk');
});

test('bytes that are needed late go there whatever their size', () => {
  const data = new Data();
  assert.is(data.bulkBytes(Uint8Array.of(1)).section, 'bulk');
  assert.is(data.bulkBytes(Uint8Array.of(1)).offset, 8);
});

test('bytes are aligned as asked, by default to 8', () => {
  const data = new Data();
  data.string('a');
  assert.is(data.bytes(Uint8Array.of(1)).offset, 8);
  assert.is(data.bytes(Uint8Array.of(1), 1).offset, 9);
  assert.is(data.bytes(Uint8Array.of(1), 64).offset, 64);
  for (const align of [0, 3, 128, -8]) assert.throws(() => data.bytes(new Uint8Array(1), align), /cannot align/);
});

test('reserved memory and slots do not overlap and are aligned', () => {
  const data = new Data();
  const places = [data.reserve(1), data.slot().address, data.reserve(20), data.slot().address];
  assert.equal(
    places.map(({ offset }) => offset),
    [0, 16, 32, 64],
  );
  assert.is(data.zeroedSize, 72);
  for (const size of [-1, 0.5, 2 ** 40]) assert.throws(() => data.reserve(size), /cannot reserve/);
});

test('a slot can be put into writable memory only', () => {
  const data = new Data();
  const place = data.writableBytes(new Uint8Array(32)).plus(16);
  assert.is(data.slotAt(place).address, place);
  assert.throws(() => data.slotAt(data.string('a')), /writable/);
});

test.run();
