import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Outcome } from './program.ts';
import { cell, row, totals } from './table.ts';

const test = suite('runtime-tools/table');
const failure = { text: 'x', detail: '' };
const good: Outcome = { passed: 12, skipped: 3, failures: [], seconds: 1 };
const bad: Outcome = { passed: 1, skipped: 0, failures: [failure, failure], seconds: 1 };

test('a cell says how many failed of how many', () => assert.equal([good, bad].map(cell), ['ok 12', 'FAIL 2/3']));

test('columns have fixed widths, and nothing trails', () =>
  assert.is(row('hooks', ['ok 1', 'ok 2']), `${'hooks'.padEnd(32)} ${'ok 1'.padEnd(12)} ok 2`));

test('totals count the programs that each runtime passes', () =>
  assert.equal(
    totals([
      [good, bad],
      [good, good],
    ]),
    ['2 of 2', '1 of 2'],
  ));

test.run();
