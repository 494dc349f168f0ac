import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CODE_OFFSET, elfFile, layOut, type Sizes } from './elf.ts';

const test = suite('final/elf');
const MEGABYTE = 2 ** 20;
const [X, W, R] = [1, 2, 4];
const none: Sizes = { code: 100, constant: 0, bulk: 0, writable: 0, zeroed: 0 };

test('code alone is one executable segment, and the stack is not executable', () => {
  const { segments } = layOut('x64', none);
  assert.equal(
    segments.map(({ type, flags }) => [type, flags]),
    [
      [1, R | X],
      [0x6474e551, R | W],
    ],
  );
});

test('it lies where it was asked to, and begins there', () => {
  const layout = layOut('x64', { ...none, constant: 1000 }, 0x20000);
  assert.is(layout.segments[0]?.address, 0x20000);
  assert.is(layout.addresses.constant, 0x20000 + 512);
  assert.is(new DataView(elfFile(layout).buffer).getUint32(24, true), 0x20000 + CODE_OFFSET);
});

test('what fits into one page is in one segment', () => {
  const { segments } = layOut('x64', { ...none, constant: 1000, bulk: 2000 });
  assert.is(segments.length, 2);
  assert.is(segments[0]?.fileSize, 3536);
});

test('bulk data that does not fit has its own segment, not executable', () => {
  const { segments } = layOut('x64', { ...none, constant: 1000, bulk: MEGABYTE });
  assert.equal(
    segments.map(({ flags, fileSize }) => [flags, fileSize]),
    [
      [R | X, 1512],
      [R, MEGABYTE],
      [R | W, 0],
    ],
  );
});

for (const architecture of ['x64', 'arm64'] as const) {
  const sizes = { code: 5001, constant: 7003, bulk: 3 * MEGABYTE + 1, writable: 9, zeroed: 70_000 };
  const layout = layOut(architecture, sizes);
  const loads = layout.segments.filter(({ type }) => type === 1);
  const page = architecture === 'x64' ? 0x1000 : 0x10000;

  test(`${architecture}: no segment is writable and executable`, () => {
    assert.not.ok(layout.segments.some(({ flags }) => (flags & (W | X)) === (W | X)));
  });

  test(`${architecture}: offset and address of a segment agree modulo its alignment, the page size`, () => {
    for (const { offset, address, alignment } of loads) {
      assert.is(alignment, page);
      assert.is(offset % page, address % page);
    }
  });

  test(`${architecture}: segments are in ascending order and share no page`, () => {
    let end = 0;
    for (const { address, memorySize } of loads) {
      assert.ok(Math.floor(address / page) * page >= end);
      end = Math.ceil((address + memorySize) / page) * page;
    }
  });

  test(`${architecture}: sections lie inside their segments and do not overlap in the file`, () => {
    const { offsets, addresses, fileSize } = layout;
    assert.ok(offsets.constant >= CODE_OFFSET + sizes.code);
    assert.ok(offsets.bulk >= offsets.constant + sizes.constant);
    assert.ok(offsets.writable >= offsets.bulk + sizes.bulk);
    assert.is(fileSize, offsets.writable + sizes.writable);
    const [code, bulk, writable, zeroed] = loads;
    assert.is(addresses.constant - offsets.constant, code?.address);
    assert.is(addresses.bulk, bulk?.address);
    assert.is(addresses.writable, writable?.address);
    assert.is(addresses.zeroed, zeroed?.address);
    assert.is(addresses.zeroed % page, 0);
  });
}

test('a program that needs more than the lowest 2 GB is refused', () => {
  assert.throws(() => layOut('x64', { ...none, zeroed: 2 ** 31 }), /too much memory/);
});

test('the file starts with the ELF header', () => {
  const file = elfFile(layOut('arm64', none));
  const expected = `7f454c4602010100${'00'.repeat(8)}0200b7000100000080014000000000004000000000000000`;
  assert.is(Buffer.from(file.subarray(0, 40)).toString('hex'), expected);
  const rest = Buffer.from(file.subarray(40, 64)).toString('hex');
  assert.is(rest, '0000000000000000000000004000380002000000' + '00000000');
});

test('the program headers follow', () => {
  const file = elfFile(layOut('x64', none));
  const first = `01000000050000000000000000000000${'0000400000000000'.repeat(2)}`;
  assert.is(Buffer.from(file.subarray(64, 96)).toString('hex'), first);
  assert.is(
    Buffer.from(file.subarray(96, 120)).toString('hex'),
    '00020000000000000002000000000000' + '0010000000000000',
  );
});

test.run();
