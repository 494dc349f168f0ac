import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compare, type Seen } from './compare.ts';

const test = suite('differential/compare');

const seen = (runtime: string, fields: Record<string, string>, ran = true): Seen => ({
  runtime,
  ran,
  fields: new Map(Object.entries(fields)),
  message: '',
});
const verdicts = (...all: Seen[]) => {
  const [ours, ...references] = all;
  if (ours === undefined) throw new Error('nothing to compare');
  return compare(ours, references).map(({ field, likeness, like }) => [field, likeness, ...like]);
};

test('a field is like both, one, or none of the references', () => {
  const a = seen('a', { x: '1', y: '1', z: '1' });
  const b = seen('b', { x: '1', y: '1', z: '2' });
  const c = seen('c', { x: '1', y: '2', z: '3' });
  assert.equal(verdicts(a, b, c), [
    ['runs', 'same', 'b', 'c'],
    ['x', 'same', 'b', 'c'],
    ['y', 'one', 'b'],
    ['z', 'unlike'],
  ]);
});

test('a field that only one side has is a difference', () => {
  assert.equal(verdicts(seen('a', { x: '' }), seen('b', { y: '' })), [
    ['runs', 'same', 'b'],
    ['x', 'unlike'],
    ['y', 'unlike'],
  ]);
});

test('who cannot run the bundle is compared in that only', () => {
  const [a, failing, b] = [seen('a', { x: '1' }), seen('b', { x: '2' }, false), seen('c', { x: '1' })];
  assert.equal(verdicts(a, failing, b), [
    ['runs', 'one', 'c'],
    ['x', 'same', 'c'],
  ]);
  assert.equal(verdicts(a, failing), [['runs', 'unlike']]);
  assert.equal(verdicts(failing, seen('c', {}, false)), [['runs', 'same', 'c']]);
  assert.equal(verdicts(failing, a, b), [['runs', 'unlike']]);
});

test.run();
