import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from './session.ts';
import { compare, countOf, line, markdown } from './table.ts';

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

test('a reason is below its line, and all that was said', () => {
  const text = line({ name: 'a', verdict: 'skipped', reason: 'with runc: no', detail: 'a\n\nb\n', seconds: [1, 0.25] });
  assert.match(text, /^- {4}a .* 1\.0 s {2}0\.3 s\n {5}skipped: with runc: no\n {7}\| a\n {7}\| b$/);
});

test('a row in Markdown has the end of the reason', () => {
  const row = { name: 'a', detail: '', seconds: [1, 1] as [number, number] };
  assert.is(markdown({ ...row, verdict: 'ok', reason: '' }), '| a | ok |');
  const reason = 'with runc: exit status 1: x: not permitted';
  assert.is(markdown({ ...row, verdict: 'skipped', reason }), '| a | skipped with runc: … not permitted |');
});

test('a run without checks has failed', () => assert.is(countOf([]), '0 passed, 1 failed, 0 skipped'));

test.run();
