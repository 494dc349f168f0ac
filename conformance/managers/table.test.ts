import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from './session.ts';
import { compare, countOf, line } from './table.ts';

const test = suite('managers/table');
const session = (failures: Record<string, string | undefined>, problem?: string): Session => ({
  version: '',
  problem,
  results: Object.entries(failures).map(([name, failure]) => ({ name, failure, seconds: 1 })),
});

test('what fails with runc is skipped, what fails only with ours is a failure', () => {
  const rows = compare(
    ['a', 'b', 'c'],
    session({ a: undefined, b: 'no', c: undefined }),
    session({ a: undefined, b: 'no', c: 'x' }),
  );
  assert.equal(
    rows.map(({ verdict, reason }) => `${verdict} ${reason}`),
    ['ok ', 'skipped with runc: no', 'FAIL x'],
  );
  assert.is(countOf(rows), '1 passed, 1 failed, 1 skipped');
});

test('a session that ends early fails what is missing', () => {
  const [first] = compare(['a'], session({ a: undefined }), session({}, 'no daemon'));
  assert.is(first?.reason, 'did not run: no daemon');
});

test('a reason is below its line', () => {
  const text = line({ name: 'a', verdict: 'skipped', reason: 'with runc: no', seconds: [1, 0.25] });
  assert.match(text, /^- {4}a .* 1\.0 s {2}0\.3 s\n {5}skipped: with runc: no$/);
});

test('a run without checks has failed', () => assert.is(countOf([]), '0 passed, 1 failed, 0 skipped'));

test.run();
