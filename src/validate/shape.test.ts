import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkShape, type ShapeCheck, type ShapeError } from './shape.ts';

const test = suite('validate/shape');

// A check that finds these errors, and nothing in a value without nulls.
function finding(...errors: ShapeError[]): ShapeCheck {
  const check: ShapeCheck = () => {
    check.errors = errors;
    return errors.length === 0;
  };
  return check;
}

test('a good value is returned as it is', () => {
  const value = { a: null };
  const shape = checkShape(finding(), value);
  assert.is(shape.value, value);
  assert.equal(shape.problems, []);
});

test('pointers with escapes lead to their values', () => {
  const check = finding({ instancePath: '/a~1b/m~0n/0', keyword: 'type', params: { type: 'object' } });
  assert.equal(checkShape(check, { 'a/b': { 'm~n': [5] } }).problems, [
    { pointer: '/a~1b/m~0n/0', value: '5', rule: 'must be an object' },
  ]);
});

test('that a branch failed is no problem by itself', () => {
  const errors = [
    { instancePath: '/a', keyword: 'type', params: { type: 'boolean' } },
    { instancePath: '', keyword: 'if', params: { failingKeyword: 'then' } },
  ];
  assert.equal(checkShape(finding(...errors), { a: 1 }).problems, [
    { pointer: '/a', value: '1', rule: 'must be true or false' },
  ]);
});

test('a keyword without words is still a problem', () => {
  const check = finding({ instancePath: '', keyword: 'oneOf', params: {} });
  assert.equal(checkShape(check, 1).problems, [{ pointer: '', value: '1', rule: 'fails oneOf' }]);
});

test.run();
