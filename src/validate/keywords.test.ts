import { Ajv } from 'ajv';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KEYWORDS, specialize } from './keywords.ts';

const test = suite('validate/keywords');

function errorsOf(schema: object, value: unknown): { keyword: string; params: unknown }[] {
  const check = new Ajv({ allErrors: true, strict: true, keywords: KEYWORDS }).compile(specialize(schema));
  check(value);
  return (check.errors ?? []).map(({ keyword, params }) => ({ keyword, params }));
}

test('leaves become keywords, descriptions go', () => {
  const schema = {
    title: 'x',
    type: 'object',
    properties: {
      a: { description: 'x', type: 'integer', minimum: 0, maximum: 18446744073709551615n },
      b: { type: 'string', minLength: 1, pattern: '^[^\\u0000]*$' },
      c: { enum: ['x', 'y'] },
      d: { $ref: '#/definitions/d' },
    },
  };
  assert.equal(specialize(schema), {
    type: 'object',
    properties: {
      a: { integer: '0..18446744073709551615' },
      b: { text: 'no NUL, not empty' },
      c: { choice: ['x', 'y'] },
      d: { $ref: '#/definitions/d' },
    },
  });
});

test('what cannot be compiled stops the build', () => {
  assert.throws(() => specialize({ type: 'integer', minimum: 0, maximum: 1, multipleOf: 2 }), /multipleOf/);
  assert.throws(() => specialize({ type: 'string', pattern: '^x' }), /pattern/);
  assert.throws(() => specialize({ type: 'string', minLength: 2 }), /minLength/);
  assert.throws(() => specialize({ enum: ['a'], default: 'a' }), /default/);
  assert.throws(() => specialize({ type: 'integer', minimum: 0 }), /maximum/);
});

test('integers are in their range, bigint where the range is wide', () => {
  const byte = { type: 'integer', minimum: 0, maximum: 255 };
  const wide = { type: 'integer', minimum: -9223372036854775808n, maximum: 9223372036854775807n };
  const error = (range: string) => [{ keyword: 'integer', params: { range } }];
  for (const value of [0, 255]) assert.equal(errorsOf(byte, value), []);
  for (const value of [-1, 256, 0.5, 5n, '5', null, Number.NaN]) assert.equal(errorsOf(byte, value), error('0..255'));
  for (const value of [0, -5n, 9223372036854775807n, -9223372036854775808n]) assert.equal(errorsOf(wide, value), []);
  for (const value of [9223372036854775808n, -9223372036854775809n, 2 ** 63, 0.5, '5']) {
    assert.equal(errorsOf(wide, value), error('-9223372036854775808..9223372036854775807'));
  }
});

test('strings meet their conditions', () => {
  const plain = { type: 'string' };
  const path = { type: 'string', minLength: 1, pattern: '^/[^\\u0000]*$' };
  assert.equal(
    ['', 'a', '\0'].flatMap((value) => errorsOf(plain, value)),
    [],
  );
  assert.equal(errorsOf(plain, 5), [{ keyword: 'text', params: { conditions: '' } }]);
  assert.equal(errorsOf(path, '/a'), []);
  const error = { keyword: 'text', params: { conditions: 'no NUL, absolute, not empty' } };
  for (const value of ['', 'a', '/\0', 5]) assert.equal(errorsOf(path, value), [error]);
});

test('a choice says what is allowed', () => {
  assert.equal(errorsOf({ enum: ['a', 'b'] }, 'b'), []);
  for (const value of ['c', '', 5, null]) {
    assert.equal(errorsOf({ enum: ['a', 'b'] }, value), [{ keyword: 'choice', params: { allowed: ['a', 'b'] } }]);
  }
});

test.run();
