import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explanationOf, parseExpected } from './expected.ts';

const test = suite('runtime-tools/expected');
const TABLE = `# Title

| program | failure | reason |
|---|---|---|
| hooks | exit status * | a bug |
| start | \`start\` (a\\|b) fails. | another |
`;

test('rows are read, without headings', () => {
  assert.equal(parseExpected(TABLE), [
    { program: 'hooks', failure: 'exit status *', reason: 'a bug' },
    { program: 'start', failure: '`start` (a|b) fails.', reason: 'another' },
  ]);
});

test('a row without a reason is refused', () => assert.throws(() => parseExpected('| hooks | x | |\n'), /hooks x/));

const cases: [program: string, failure: string, explained: boolean][] = [
  ['hooks', 'exit status 2', true],
  ['hooks', 'an exit status 2', false],
  ['start', 'exit status 2', false],
  ['start', '`start` (a|b) fails.', true],
  ['start', '`start` (a|b) fails!', false],
];
for (const [program, failure, explained] of cases) {
  test(`${program}: ${failure}: ${explained ? 'explained' : 'not explained'}`, () =>
    assert.is(explanationOf(parseExpected(TABLE), program, failure) !== undefined, explained));
}

test('the real table can be read', () => {
  const rows = parseExpected(readFileSync(join(import.meta.dirname, 'expected.md'), 'utf8'));
  assert.ok(rows.length > 0);
});

test.run();
