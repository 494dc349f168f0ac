import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { layOutForHugePages } from './huge-pages.ts';

const test = suite('huge-pages');
const HUGE_PAGE = 0x20_0000;
const [R, RX, RW] = [4, 5, 6];
const PT_TLS = 7;

interface Header {
  type: number;
  flags: number;
  offset: number;
  address: number;
  size: number;
}

function headersOf(file: Uint8Array): Header[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const start = Number(view.getBigUint64(32, true));
  return Array.from({ length: view.getUint16(56, true) }, (_, index) => {
    const at = start + 56 * index;
    const [offset, address, size] = [8, 16, 32].map((field) => Number(view.getBigUint64(at + field, true)));
    const [type, flags] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    return { type, flags, offset: offset ?? 0, address: address ?? 0, size: size ?? 0 };
  });
}

const loadedOf = (file: Uint8Array) => headersOf(file).filter(({ type }) => type === 1);

// Each byte says where it was.
function executable(type: number, headers: Omit<Header, 'type'>[], inner: Header[] = []): Uint8Array {
  const all = [...headers.map((header) => ({ ...header, type: 1 })), ...inner];
  const file = new Uint8Array(Math.max(HEADERS, ...all.map(({ offset, size }) => offset + size)));
  for (let at = 0; at < file.length; at++) file[at] = (at >> 8) ^ at;
  const view = new DataView(file.buffer);
  view.setUint16(16, type, true);
  view.setBigUint64(32, 64n, true);
  view.setBigUint64(40, 1234n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, all.length, true);
  all.forEach((header, index) => {
    const at = 64 + 56 * index;
    view.setUint32(at, header.type, true);
    view.setUint32(at + 4, header.flags, true);
    const words = [header.offset, header.address, header.address, header.size, header.size, 0x1000];
    words.forEach((word, field) => {
      view.setBigUint64(at + 8 + 8 * field, BigInt(word), true);
    });
  });
  return file;
}

const headersEnd = (file: Uint8Array) => 64 + 56 * headersOf(file).length;
const HEADERS = 64 + 56 * 4;
const THREE = [
  { flags: R, offset: 0, address: HUGE_PAGE, size: 0x20_3000 },
  { flags: RX, offset: 0x20_3100, address: 2 * HUGE_PAGE + 0x4100, size: 0x5000 },
  { flags: RW, offset: 0x20_8100, address: 2 * HUGE_PAGE + 0xa100, size: 0x800 },
];
const TLS = { type: PT_TLS, flags: R, offset: 0x20_8100, address: 2 * HUGE_PAGE + 0xa100, size: 0x10 };

// All that was in memory is there, at the same address.
function assertSameMemory(before: Uint8Array, after: Uint8Array): void {
  const segments = loadedOf(after);
  for (const { offset, address, size } of loadedOf(before)) {
    for (let at = offset === 0 ? headersEnd(before) : 0; at < size; ) {
      const found = segments.find(
        (other) => other.address <= address + at && address + at < other.address + other.size,
      );
      if (found === undefined) throw new Error(`nothing at ${address + at}`);
      const length = Math.min(size - at, found.address + found.size - address - at);
      const from = found.offset + address + at - found.address;
      const isSame = Buffer.compare(
        before.subarray(offset + at, offset + at + length),
        after.subarray(from, from + length),
      );
      assert.is(isSame, 0, `memory at ${address + at}`);
      at += length;
    }
  }
}

test('a segment lies at the same place within a huge page in the file and in memory', () => {
  const before = executable(2, THREE, [TLS]);
  const after = layOutForHugePages(before) ?? before;
  assertSameMemory(before, after);
  for (const { offset, address } of headersOf(after)) assert.is(offset % HUGE_PAGE, address % HUGE_PAGE);
  assert.is(headersOf(after)[3]?.offset, TLS.address - HUGE_PAGE);
});

test('code begins with its huge page, and constants end there', () => {
  const [constants, code, data] = loadedOf(layOutForHugePages(executable(2, THREE)) ?? new Uint8Array(64));
  assert.equal(constants, { type: 1, flags: R, offset: 0, address: HUGE_PAGE, size: HUGE_PAGE });
  assert.equal(code, { type: 1, flags: RX, offset: HUGE_PAGE, address: 2 * HUGE_PAGE, size: 0x9100 });
  assert.is(data?.address, THREE[2]?.address);
});

test('code that shares its first huge page with something writable, or all of the constants, stays where it is', () => {
  for (const flags of [RW, R]) {
    const small = { flags, offset: 0, address: HUGE_PAGE, size: 0x3000 };
    const code = { flags: RX, offset: 0x3100, address: HUGE_PAGE + 0x4100, size: 0x5000 };
    const before = executable(2, [small, code]);
    const after = layOutForHugePages(before) ?? before;
    assertSameMemory(before, after);
    assert.is(loadedOf(after)[1]?.address, code.address);
  }
});

test('the section headers are left out', () => {
  const after = layOutForHugePages(executable(2, THREE)) ?? new Uint8Array(64).fill(1);
  assert.equal([...after.subarray(40, 48), ...after.subarray(58, 64)], new Array(14).fill(0));
});

test('a file of another kind is not touched', () => {
  const [constants, ...others] = THREE as [(typeof THREE)[0], ...typeof THREE];
  assert.is(layOutForHugePages(executable(3, THREE)), undefined);
  assert.is(layOutForHugePages(executable(2, [{ ...constants, address: 0x1000 }, ...others])), undefined);
  assert.is(layOutForHugePages(executable(2, [])), undefined);
});

test('the engine can be laid out', () => {
  const before = readFileSync(process.execPath);
  const after = layOutForHugePages(before) ?? before;
  assertSameMemory(before, after);
  const code = loadedOf(after).filter(({ flags }) => flags === RX);
  assert.ok(code.length > 0);
  for (const { offset, address } of code) assert.equal([offset % HUGE_PAGE, address % HUGE_PAGE], [0, 0]);
});

test.run();
