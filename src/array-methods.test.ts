import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const NAMES = ['map', 'filter', 'some', 'find', 'forEach'] as const;
const prototype: Record<string, unknown> = Array.prototype as never;
const builtIn = Object.fromEntries(NAMES.map((name) => [name, prototype[name]]));
const { arrayMethods } = await import('./array-methods.ts');

const test = suite('array-methods');

test.after(() => {
  for (const name of NAMES) {
    Object.defineProperty(prototype, name, { value: builtIn[name], writable: true, configurable: true });
  }
});

type Method = (this: unknown[], callback: (...words: unknown[]) => unknown, self?: unknown) => unknown;

// What a method does with a list: its result, and each call of the callback.
function trace(method: unknown, make: () => unknown[], callback: (item: unknown, list: unknown[]) => unknown): unknown {
  const calls: unknown[] = [];
  const list = make();
  const self = { name: 'self' };
  const result = (method as Method).call(
    list,
    function (this: unknown, item, index, given) {
      calls.push([item, index, given === list, this === self]);
      return callback(item, list);
    },
    self,
  );
  return { result, calls, holes: Array.isArray(result) ? Object.keys(result) : [] };
}

const LISTS: Record<string, () => unknown[]> = {
  empty: () => [],
  plain: () => [3, 1, 2, 0],
  // biome-ignore lint/suspicious/noSparseArray: that is what is looked at
  holes: () => [1, , undefined, , 4],
};

const CALLBACKS: Record<string, (item: unknown, list: unknown[]) => unknown> = {
  'is two': (item) => item === 2,
  never: () => false,
  always: () => 'yes',
  'appends to the list': (_, list) => list.push(9) < 0,
  'cuts the list off': (_, list) => {
    list.length = 1;
    return 0;
  },
};

for (const name of NAMES) {
  test(`${name} does what the engine's own does`, () => {
    assert.is(prototype[name], arrayMethods[name]);
    for (const [kind, list] of Object.entries(LISTS)) {
      for (const [what, callback] of Object.entries(CALLBACKS)) {
        const expected = trace(builtIn[name], list, callback);
        assert.equal(trace(arrayMethods[name], list, callback), expected, `${kind}, ${what}`);
      }
    }
  });

  test(`${name} isn't enumerable, and refuses what is no function`, () => {
    assert.not.ok(Object.keys(prototype).includes(name));
    assert.throws(() => (arrayMethods[name] as Method).call([1], 'x' as never), TypeError);
  });
}

test.run();
