import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { halves, SectionBytes } from './bytes.ts';

const test = suite('final/bytes');
const addresses = { constant: 0x400000, bulk: 0x500000, writable: 0x600000, zeroed: 0x700000 };

function copy(bytes: SectionBytes): Uint8Array {
  const target = new Uint8Array(bytes.length + 2);
  bytes.copyTo(target, 1, addresses);
  assert.is(target[0], 0, 'nothing is written in front');
  assert.is(target[target.length - 1], 0, 'nothing is written behind');
  return target.subarray(1, -1);
}

test('text is UTF-8 with a NUL behind it', () => {
  const bytes = new SectionBytes();
  assert.is(bytes.text('é'), 0);
  assert.is(bytes.text(''), 3);
  assert.is(bytes.text('ab'), 4);
  assert.equal([...copy(bytes)], [0xc3, 0xa9, 0, 0, 0x61, 0x62, 0]);
});

test('aligned data is padded with zeros', () => {
  const bytes = new SectionBytes();
  bytes.append(Uint8Array.of(1), 1);
  assert.is(bytes.append(Uint8Array.of(2, 3), 4), 4);
  assert.equal([...copy(bytes)], [1, 0, 0, 0, 2, 3]);
});

test('a pointer holds the address of its target once that is known', () => {
  const bytes = new SectionBytes();
  bytes.pointer('bulk', 0x1234);
  bytes.word(0);
  assert.equal([...copy(bytes)], [0x34, 0x12, 0x50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test('copying leaves the original as it was, so that it can be copied again', () => {
  const bytes = new SectionBytes();
  bytes.pointer('constant', 1);
  assert.equal(copy(bytes), copy(bytes));
});

test('a word is a 64-bit integer, little-endian, two’s complement', () => {
  const bytes = new SectionBytes();
  bytes.word(-2);
  bytes.word(0x0102030405060708n);
  assert.equal([...copy(bytes)], [0xfe, 255, 255, 255, 255, 255, 255, 255, 8, 7, 6, 5, 4, 3, 2, 1]);
});

test('the bytes grow without losing any', () => {
  const bytes = new SectionBytes();
  for (let index = 0; index < 3000; index++) bytes.append(Uint8Array.of(index & 0xff), index % 100 === 0 ? 64 : 1);
  bytes.text('x'.repeat(100_000));
  const data = copy(bytes);
  assert.is(data[0], 0);
  assert.is(data.filter((value) => value === 0x78).length, 100_000 + 12);
  assert.is(data[data.length - 1], 0);
});

const integers: { value: number | bigint; low: number; high: number }[] = [
  { value: 0, low: 0, high: 0 },
  { value: -1, low: 0xffffffff, high: 0xffffffff },
  { value: -4096, low: 0xfffff000, high: 0xffffffff },
  { value: 0xffffffff, low: 0xffffffff, high: 0 },
  { value: 2 ** 32, low: 0, high: 1 },
  { value: -(2 ** 32), low: 0, high: 0xffffffff },
  { value: -(2 ** 32) - 1, low: 0xffffffff, high: 0xfffffffe },
  { value: Number.MAX_SAFE_INTEGER, low: 0xffffffff, high: 0x1fffff },
  { value: Number.MIN_SAFE_INTEGER, low: 1, high: 0xffe00000 },
  { value: 0x123456789abcdef0n, low: 0x9abcdef0, high: 0x12345678 },
  { value: -2n, low: 0xfffffffe, high: 0xffffffff },
  { value: 2n ** 64n - 1n, low: 0xffffffff, high: 0xffffffff },
];
for (const { value, low, high } of integers) {
  test(`${typeof value} ${value} splits into two unsigned halves`, () => assert.equal(halves(value), [low, high]));
}

test.run();
