import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Verdict } from './compare.ts';
import { countsOf, renderRow, renderTotals } from './table.ts';

const test = suite('differential/table');

const verdict = (likeness: Verdict['likeness'], ...like: string[]): Verdict => ({
  field: '',
  likeness,
  like,
  values: [],
});
const counts = countsOf(
  [verdict('same', 'runc', 'crun'), verdict('one', 'crun'), verdict('unlike'), verdict('unlike')],
  1,
);

test('verdicts are counted', () => {
  assert.equal(counts, { fields: 4, same: 1, like: { crun: 1 }, explained: 1, unexplained: 1 });
});

test('rows have the columns of the head', () => {
  const head = renderRow({ bundle: 'bundle', counts: undefined });
  const row = renderRow({ bundle: 'base', counts });
  assert.is(row.length, head.length);
  assert.match(row, /^base +4 +1 +0 +1 +1 +1$/);
});

test('the totals add up', () => {
  const rows = [
    { bundle: 'a', counts },
    { bundle: 'b', counts },
  ];
  assert.match(renderTotals(rows), /^2 bundles +8 +2 +0 +2 +2 +2$/);
});

test.run();
