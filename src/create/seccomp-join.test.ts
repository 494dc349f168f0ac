import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runFilter } from './fixtures/bpf.ts';
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

test('a single program stays as it is', () => {
  const program = returning(1);
  assert.is(joinPrograms([{ token: X86_64, program }]), program);
});

for (const order of [
  [X86_64, X86, X32],
  [X32, X86, X86_64],
  [X86, X32, X86_64],
]) {
  test(`each architecture has its own program, in the order ${order.map((token) => token.toString(16))}`, () => {
    const joined = joinPrograms(order.map((token) => ({ token, program: returning(token, 1000) })));
    const run = (architecture: number, syscall: number) => runFilter(joined, { architecture, syscall });
    assert.equal([run(X86_64, 0), run(X86_64, 0x3fffffff)], [X86_64, X86_64]);
    assert.equal([run(X86_64, 0x40000000), run(X86_64, 0xffffffff)], [X32, X32]);
    assert.equal([run(X86, 5), run(X86, 0x40000000)], [X86, X86]);
    assert.equal([run(0xc00000b7, 5), run(X32, 5)], [KILL, KILL]);
  });
}

test("without x32 the numbers are the program's business", () => {
  const joined = joinPrograms([X86_64, X86].map((token) => ({ token, program: returning(token) })));
  assert.is(runFilter(joined, { architecture: X86_64, syscall: 0x40000001 }), X86_64);
});

test("x32 without x86_64 has x86_64's architecture", () => {
  const joined = joinPrograms([X86, X32].map((token) => ({ token, program: returning(token) })));
  assert.is(runFilter(joined, { architecture: X86_64, syscall: 0x40000001 }), X32);
});

test.run();
