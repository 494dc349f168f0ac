import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ANY, ENGINE, ENGINE_MAGIC, HEAD_SIZE, MAX_FILES, MAX_PIECES } from '../state/kept-engine-layout.ts';
import { type ImageInputs, imageOf, PAGE, type Part } from './image.ts';
import type { Area } from './memory-map.ts';

const test = suite('kept-engine/image');
const [MMAP, MADVISE, MPROTECT] = [9n, 28n, 10n];

function area(parts: Partial<Area>): Area {
  const usual = { start: 0x10000, end: 0x14000, protection: 3, isShared: false, offset: 0, name: '' };
  return { ...usual, hugePages: undefined, ...parts };
}

const page = (start: number, fill = 1): Part => ({ start, content: new Uint8Array(PAGE).fill(fill) });

function image(areas: Area[], parts: Part[][] = [], more: Partial<ImageInputs> = {}) {
  const blocks = imageOf({
    sources: 7n,
    boot: 'boot\n',
    areas,
    parts,
    stateOf: (path) => [BigInt(path.length), 2n, 3n, 4n, 5n],
    enginePath: '/engine',
    calls: [],
    stack: 0x7000,
    instruction: 0x8000,
    threadId: 0x9000,
    mailbox: 0xa000,
    ...more,
  });
  const file = Buffer.concat(blocks);
  const number = (at: number): bigint => file.readBigUInt64LE(at);
  const rows = ([first, last]: readonly [number, number], size: number): bigint[][] => {
    const found: bigint[][] = [];
    for (let at = Number(number(first)); at < Number(number(last)); at += 8 * size) {
      found.push(Array.from({ length: size }, (_, index) => number(at + 8 * index)));
    }
    return found;
  };
  const text = (at: number | bigint): string => file.toString('latin1', Number(at), file.indexOf(0, Number(at)));
  return { file, number, rows, text };
}

test('the head says what it is of', () => {
  const { file, number, rows, text } = image([]);
  assert.equal([number(ENGINE.magic), number(ENGINE.sources), text(number(ENGINE.boot))], [ENGINE_MAGIC, 7n, 'boot\n']);
  assert.equal(number(ENGINE.size), BigInt(file.length));
  const [engine = []] = rows(ENGINE.files, 6);
  assert.equal([text(engine[0] ?? 0n), ...engine.slice(1)], ['/engine', 7n, 2n, 3n, 4n, 5n]);
  const places = [ENGINE.stack, ENGINE.departure, ENGINE.threadId, ENGINE.mailbox];
  assert.equal(places.map(number), [0x7000n, 0x8000n, 0x9000n, 0xa000n]);
});

test('memory of nobody else is mapped at its place, and what is in it is read', () => {
  const { file, number, rows } = image([area({})], [[page(0x10000, 5), page(0x11000, 6), page(0x13000, 7)]]);
  assert.equal(rows(ENGINE.maps, 8), [[MMAP, 0x10000n, 0x4000n, 3n, 0x104022n, 0n, 0n, 0x10000n]]);
  const pieces = Number(number(ENGINE.pieces));
  assert.equal(number(ENGINE.pieceCount), 2n);
  assert.equal(
    [0, 8, 16, 24].map((at) => number(pieces + at)),
    [0x10000n, 0x2000n, 0x13000n, 0x1000n],
  );
  assert.equal(number(ENGINE.contentsSize), 3n * 4096n);
  const contents = Number(number(ENGINE.contents));
  assert.equal(
    [0, 1, 2].map((index) => file[contents + index * PAGE]),
    [5, 6, 7],
  );
});

test('huge pages are asked for as they were, whether the kernel has them or not', () => {
  const { rows } = image([area({ hugePages: true }), area({ start: 0x20000, end: 0x21000, hugePages: false })]);
  const [, yes, , no] = rows(ENGINE.maps, 8);
  assert.equal(yes, [MADVISE, 0x10000n, 0x4000n, 14n, 0n, 0n, 0n, ANY]);
  assert.equal(no, [MADVISE, 0x20000n, 0x1000n, 15n, 0n, 0n, 0n, ANY]);
});

test('a file is mapped from its place, by eight times its number', () => {
  const { rows, text } = image([
    area({ name: '/engine', protection: 5, offset: 0x1000 }),
    area({ start: 0x20000, end: 0x21000, name: '/lib.so', protection: 1 }),
  ]);
  assert.equal(rows(ENGINE.maps, 8), [
    [MMAP, 0x10000n, 0x4000n, 5n, 0x100002n, 8n, 0x1000n, 0x10000n],
    [MMAP, 0x20000n, 0x1000n, 1n, 0x100002n, 16n, 0n, 0x20000n],
  ]);
  assert.equal(
    rows(ENGINE.files, 6).map(([path = 0n]) => text(path)),
    ['/engine', '/lib.so'],
  );
});

test('what was changed and made read-only then is mapped from the kept engine', () => {
  const whole = { start: 0x10000, content: new Uint8Array(4 * PAGE).fill(9) };
  const { file, rows, number } = image([area({ name: '/lib.so', protection: 1 })], [[whole]]);
  assert.equal(rows(ENGINE.maps, 8), [[MMAP, 0x10000n, 0x4000n, 1n, 0x100002n, 0n, BigInt(HEAD_SIZE), 0x10000n]]);
  assert.equal([file[HEAD_SIZE], number(ENGINE.contents)], [9, BigInt(HEAD_SIZE + 4 * PAGE)]);
});

test('code that is no file becomes executable when it has been read, and before other calls', () => {
  const last = [1, 2, 3, 4, 5, 6, 7, 8];
  const { rows } = image([area({ protection: 5 })], [[page(0x10000)]], { calls: [last] });
  assert.equal(rows(ENGINE.maps, 8)[0]?.[3], 3n);
  assert.equal(rows(ENGINE.calls, 8), [[MPROTECT, 0x10000n, 0x4000n, 5n, 0n, 0n, 0n, 0n], last.map(BigInt)]);
});

test('the parts of the vDSO are told by their distance from its start', () => {
  const vvar = area({ name: '[vvar]', protection: 1, start: 0x10000, end: 0x14000 });
  const { rows } = image([vvar, area({ name: '[vdso]', protection: 5, start: 0x14000, end: 0x16000 })]);
  const before = BigInt.asUintN(64, -0x4000n);
  assert.equal(rows(ENGINE.vdso, 3), [
    [before, 0x4000n, 0x10000n],
    [0n, 0x2000n, 0x14000n],
  ]);
  // They don't take the place of something.
  assert.equal(rows(ENGINE.maps, 8), [
    [MMAP, 0x10000n, 0x4000n, 0n, 0x104022n, 0n, 0n, 0x10000n],
    [MMAP, 0x14000n, 0x2000n, 0n, 0x104022n, 0n, 0n, 0x14000n],
  ]);
});

test('too many pieces are joined by the zeros between them', () => {
  const parts = Array.from({ length: MAX_PIECES + 1 }, (_, index) => page(0x100000 + 2 * index * PAGE));
  const { number } = image([area({ start: 0x100000, end: 0x10000000 })], [parts]);
  assert.equal(number(ENGINE.pieceCount), 1n);
  assert.equal(number(ENGINE.contentsSize), BigInt((2 * MAX_PIECES + 1) * PAGE));
});

const refused: [what: string, areas: Area[], parts: Part[][], reason: RegExp][] = [
  ['shared memory', [area({ isShared: true, name: '/x' })], [], /there is \/x in memory/],
  ['a deleted file', [area({ name: '/x (deleted)' })], [], /deleted/],
  ['changed code of a file', [area({ name: '/x', protection: 5 })], [[page(0x10000)]], /code of \/x was changed/],
  ['a part of what is read-only', [area({ name: '/x', protection: 1 })], [[page(0x11000)]], /a part of \/x is missing/],
  [
    'too many files',
    Array.from({ length: MAX_FILES }, (_, index) => area({ name: `/lib${index}` })),
    [],
    /too many files/,
  ],
  ['too long a list', Array.from({ length: 600 }, () => area({})), [], /too much in memory/],
];
for (const [what, areas, parts, reason] of refused) {
  test(`${what} can't be kept`, () => assert.throws(() => image(areas, parts), reason));
}

test.run();
