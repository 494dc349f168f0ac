import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { append, read, splitSignature, stringAt } from './bus-message.ts';
import { hasLibsystemd, type Library } from './libsystemd.ts';
import { addressOf, cString } from './syscall.ts';

const test = suite('bindings/bus-message');

const signatures = [
  { signature: '', types: [] },
  { signature: 'ssa(sv)a(sa(sv))', types: ['s', 's', 'a(sv)', 'a(sa(sv))'] },
  { signature: 'aayt(st)', types: ['aay', 't', '(st)'] },
];
for (const { signature, types } of signatures) {
  test(`the types of "${signature}"`, () => assert.equal(splitSignature(signature), types));
}

test('a signature without its end is refused', () => assert.throws(() => splitSignature('a(s'), /has no end/));

test('a string is read where it lies', () => {
  const text = cString('übung');
  assert.is(stringAt(Number(addressOf(text))), 'übung');
  assert.is(stringAt(0), '');
});

// A library that notes the calls.
function fake(): { library: Library; calls: string[] } {
  const calls: string[] = [];
  const show = (value: unknown) => (value instanceof Uint8Array ? `<${[...value].join(' ')}>` : value);
  const library = new Proxy({} as Library, {
    get:
      (_, name) =>
      (_message: number, type: number, ...rest: unknown[]) => {
        calls.push([name, type === undefined ? '' : String.fromCharCode(type), ...rest.map(show)].join(' ').trim());
        return 0;
      },
  });
  return { library, calls };
}

test('nested values become calls: a property of a unit', () => {
  const { library, calls } = fake();
  append(library, 1, { type: 'a(sv)', value: [['A', ['t', 258n]]] });
  assert.equal(calls, [
    'openContainer a (sv)',
    'openContainer r sv',
    'appendBasic s <65 0>',
    'openContainer v t',
    'appendBasic t <2 1 0 0 0 0 0 0>',
    'closeContainer',
    'closeContainer',
    'closeContainer',
  ]);
});

test('bytes go in one call, numbers have the width of their type', () => {
  const { library, calls } = fake();
  append(library, 1, { type: 'ay', value: Uint8Array.of(1, 2) });
  append(library, 1, { type: 'b', value: true });
  append(library, 1, { type: 'au', value: [7] });
  assert.equal(calls, [
    'appendArray y <1 2> 2',
    'appendBasic b <1 0 0 0>',
    'openContainer a u',
    'appendBasic u <7 0 0 0>',
    'closeContainer',
  ]);
});

test('a variant is entered, and its value read', () => {
  const { library, calls } = fake();
  assert.is(read(library, 1, 'vt'), 0n);
  assert.equal(calls, ['enterContainer v t', 'readBasic t <0 0 0 0 0 0 0 0>']);
});

test('the library is there or not', () => assert.type(hasLibsystemd(), 'boolean'));

test.run();
