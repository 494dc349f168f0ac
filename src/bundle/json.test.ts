import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RuntimeError } from '../errors.ts';
import { parseJson } from './json.ts';

const test = suite('bundle/json');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string): unknown => parseJson(bytes(text), 'config.json');
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

const values: { text: string; value: unknown }[] = [
  { text: '{"a":[1,-2,0.5,"x",true,false,null]}', value: { a: [1, -2, 0.5, 'x', true, false, null] } },
  { text: ' \n[]\t', value: [] },
  { text: '"text"', value: 'text' },
  { text: '18446744073709551615', value: 18446744073709551615n },
  { text: '[-9223372036854775808]', value: [-9223372036854775808n] },
  { text: '{"a":9007199254740993,"b":9007199254740991}', value: { a: 9007199254740993n, b: 9007199254740991 } },
  { text: '[18446744073709551616]', value: [18446744073709551616n] },
  { text: '[1e3, 1.0, 1E+2]', value: [1000, 1, 100] },
  { text: '[1.0000000000000000, 12345678901234567.0]', value: [1, 12345678901234568] },
  // Longer than any 64-bit integer: refused by every range, so not worth a bigint.
  { text: '[184467440737095516160]', value: [2 ** 67 * 1.25] },
  { text: '["12345678901234567890"]', value: ['12345678901234567890'] },
  { text: '{"a":"\\":","b" : "x:\\"y\\":" , "c":": :"}', value: { a: '":', b: 'x:"y":', c: ': :' } },
  { text: '{"é":"日本\\u00e9\\ud83d\\ude00"}', value: { é: '日本é😀' } },
  { text: nested(128), value: JSON.parse(nested(128)) },
];
for (const { text, value } of values) {
  test(`${text.slice(0, 60)} is read exactly`, () => assert.equal(parse(text), value));
}

const TWICE = 'is there already';
const malformed: [name: string, content: Uint8Array | string, line: string][] = [
  ['an empty file', '', 'is empty, must be JSON'],
  ['blank space', ' \n', 'line 2, column 1: expected a value, found the end of the file'],
  ['a missing comma', '{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3: expected "," or "}", found "\\""'],
  ['a byte order mark', '\ufeff{}', 'starts with a byte order mark (bytes EF BB BF), must start with the JSON text'],
  ['a bad byte', Uint8Array.of(0x22, 0x61, 0xff, 0x22), 'is not UTF-8: the byte at offset 2 is not valid'],
  ['an overlong character', Uint8Array.of(0x22, 0xc0, 0x80), 'is not UTF-8: the byte at offset 1 is not valid'],
  ['a character cut short', Uint8Array.of(0x22, 0xe2, 0x82), 'is not UTF-8: the byte at offset 1 is not valid'],
  ['UTF-16', Uint8Array.of(0xff, 0xfe, 0x7b, 0), 'is not UTF-8: the byte at offset 0 is not valid'],
  ['too long a file', new Uint8Array(16777217), 'must have at most 16777216 bytes (16 MiB)'],
  ['a duplicate key', '{"a":1,"b":2,"a":3}', `line 1, column 14: duplicate key: /a ${TWICE}`],
  ['a duplicate key with an escape', '{"a":1,"\\u0061":3}', `line 1, column 8: duplicate key: /a ${TWICE}`],
  ['a duplicate key before a blank', '{"a":1,"a" :3}', `line 1, column 8: duplicate key: /a ${TWICE}`],
  ['a duplicate __proto__', '{"__proto__":1,"__proto__":2}', `line 1, column 16: duplicate key: /__proto__ ${TWICE}`],
  [
    'a deep duplicate key beside strings that look like keys',
    '{"p":"\\":","l":[{},{"x/y":1,"m~":{"t":":","t":1}}]}',
    `line 1, column 43: duplicate key: /l/1/m~0/t ${TWICE}`,
  ],
  ['deep nesting', nested(129), 'line 1, column 129: nested more than 128 levels deep'],
  ['very deep nesting', nested(4e6), 'line 1, column 129: nested more than 128 levels deep'],
  [
    'very deep nesting around a big integer',
    `${'['.repeat(4e6)}12345678901234567890${']'.repeat(4e6)}`,
    'line 1, column 129: nested more than 128 levels deep',
  ],
];
for (const [name, content, line] of malformed) {
  test(`${name} is refused with one clear line`, () => {
    const matches = (error: unknown) => error instanceof RuntimeError && error.reason === line;
    assert.throws(() => parseJson(typeof content === 'string' ? bytes(content) : content, 'x.json'), matches);
  });
}

test('the error names the file', () => {
  assert.throws(
    () => parseJson(bytes('x'), 'x.json'),
    (error: RuntimeError) => error.steps.join() === 'x.json',
  );
});

test('a key named __proto__ is a key like any other', () => {
  const value = parse('{"__proto__":{"x":1}}') as object;
  assert.equal(Object.keys(value), ['__proto__']);
  assert.is(Object.getPrototypeOf(value), Object.prototype);
});

test.run();
