import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runFilter } from './fixtures/bpf.ts';
import { CONDITIONAL } from './seccomp-groups.ts';
import { joinPrograms } from './seccomp-join.ts';

const test = suite('create/seccomp-join');

const X86_64 = 0xc000003e;
const X32 = 0x4000003e;
const X86 = 0x40000003;
const KILL = 0;

/** A program that returns one value, after as many instructions as told. */
function returning(value: number, length = 1): Uint8Array {
  const view = new DataView(new ArrayBuffer(length * 8));
  for (let index = 0; index < length; index++) view.setUint16(index * 8, 0x20, true);
  view.setUint16((length - 1) * 8, 0x06, true);
  view.setUint32((length - 1) * 8 + 4, value, true);
  return new Uint8Array(view.buffer);
}

interface Wanted {
  token: number;
  length?: number;
  /** From these numbers on there's another program; each returns the number. */
  from?: number[];
}

function join(wanted: Wanted[]): Uint8Array {
  let start = 0;
  const all: Uint8Array[] = [];
  const architectures = wanted.map(({ token, length = 1, from }) => {
    const ranges = (from ?? [0]).map((number) => {
      all.push(returning(from === undefined ? token : number, length));
      start += length;
      return { from: number, action: CONDITIONAL, start: start - length };
    });
    return { token, ranges };
  });
  return joinPrograms(architectures, Buffer.concat(all));
}

test('a single program stays as it is', () => {
  const program = returning(1);
  assert.is(joinPrograms([{ token: X86_64, ranges: [{ from: 0, action: CONDITIONAL, start: 0 }] }], program), program);
});

for (const order of [
  [X86_64, X86, X32],
  [X32, X86, X86_64],
  [X86, X32, X86_64],
]) {
  test(`each architecture has its own program, in the order ${order.map((token) => token.toString(16))}`, () => {
    const joined = join(order.map((token) => ({ token, length: 1000 })));
    const run = (architecture: number, syscall: number) => runFilter(joined, { architecture, syscall });
    assert.equal([run(X86_64, 0), run(X86_64, 0x3fffffff)], [X86_64, X86_64]);
    assert.equal([run(X86_64, 0x40000000), run(X86_64, 0xffffffff)], [X32, X32]);
    assert.equal([run(X86, 5), run(X86, 0x40000000)], [X86, X86]);
    assert.equal([run(0xc00000b7, 5), run(X32, 5)], [KILL, KILL]);
  });
}

for (const count of [1, 2, 3, 7, 100]) {
  test(`${count} programs for parts of the numbers`, () => {
    const from = Array.from({ length: count }, (_, index) => 10 * index);
    const x32 = [0, 0x40000200, 0x40000300];
    const joined = join([
      { token: X86_64, from },
      { token: X86, from },
      { token: X32, from: x32 },
    ]);
    const run = (architecture: number, syscall: number) => runFilter(joined, { architecture, syscall });
    for (const architecture of [X86_64, X86]) {
      const numbers = from.flatMap((number) => [number, number + 5, number + 9]);
      assert.equal(
        numbers.map((number) => run(architecture, number)),
        numbers.map((number) => number - (number % 10)),
      );
    }
    assert.equal(
      [0x3fffffff, 0x40000000].map((number) => run(X86_64, number)),
      [10 * (count - 1), 0],
    );
    assert.equal(
      [0x400001ff, 0x40000200, 0x40000300, 0xffffffff].map((number) => run(X86_64, number)),
      [0, 0x40000200, 0x40000300, 0x40000300],
    );
    assert.is(run(0xc00000b7, 5), KILL);
  });
}

for (const count of [128, 129, 130, 257, 300, 700]) {
  test(`${count} ranges, of which every second one needs no program`, () => {
    const ranges = Array.from({ length: count }, (_, from) => ({
      from,
      action: from % 2 ? from : CONDITIONAL,
      start: 0,
    }));
    const other = { token: X86, ranges: [{ from: 0, action: 77, start: 0 }] };
    const joined = joinPrograms([{ token: X86_64, ranges }, other], returning(5000));
    const run = (syscall: number) => runFilter(joined, { architecture: X86_64, syscall });
    const numbers = ranges.map(({ from }) => from);
    assert.equal(
      numbers.map(run),
      numbers.map((number) => (number % 2 ? number : 5000)),
    );
    assert.is(run(0xffffffff), count % 2 ? 5000 : count - 1);
    assert.is(runFilter(joined, { architecture: X86, syscall: 3 }), 77);
    assert.is(joined.length % 8, 0);
  });
}

test("without x32 the numbers are the program's business", () => {
  const joined = join([{ token: X86_64 }, { token: X86 }]);
  assert.is(runFilter(joined, { architecture: X86_64, syscall: 0x40000001 }), X86_64);
});

test("x32 without x86_64 has x86_64's architecture", () => {
  const joined = join([{ token: X86 }, { token: X32 }]);
  assert.is(runFilter(joined, { architecture: X86_64, syscall: 0x40000001 }), X32);
});

test.run();
