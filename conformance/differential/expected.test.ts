import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CASES } from './cases.ts';
import { explanationOf, parseExpected } from './expected.ts';

const test = suite('differential/expected');
const TABLE = `| bundle | field | reason |
|---|---|---|
| caller: * | umask | 1.3.0 |
| * | mount /a\\|b | another |
`;

const cases: [bundle: string, field: string, reason: string | undefined][] = [
  ['caller: umask', 'umask', '1.3.0'],
  ['caller: umask', 'status Umask', undefined],
  ['other', 'umask', undefined],
  ['other', 'mount /a|b', 'another'],
];
for (const [bundle, field, reason] of cases) {
  test(`${bundle}, ${field}: ${reason ?? 'not explained'}`, () =>
    assert.is(explanationOf(parseExpected(TABLE), [bundle], field)?.reason, reason));
}

test('tables may be for one version of cgroups', () => {
  const text = `${TABLE}## Paths (cgroup v1)\n| a | x | 1 |\n## Values (cgroup v2)\n| a | x | 2 |\n## Others\n| b | x | 3 |\n`;
  const reasons = (version?: 1 | 2) => parseExpected(text, version).map(({ reason }) => reason);
  assert.equal(reasons(1), ['1.3.0', 'another', '1', '3']);
  assert.equal(reasons(2), ['1.3.0', 'another', '2', '3']);
  assert.equal(reasons(), ['1.3.0', 'another', '1', '2', '3']);
});

test('a row without a reason is refused', () => assert.throws(() => parseExpected('| a | x | |\n'), /a x/));

test('the real table can be read, and its bundles exist', () => {
  const names = ['runc alone', 'crun alone', ...CASES.map(({ name }) => name)];
  for (const row of parseExpected(readFileSync(join(import.meta.dirname, 'expected.md'), 'utf8'))) {
    const found = names.some((name) => explanationOf([row], [name], row.field) !== undefined);
    assert.ok(found, `${row.bundle}: ${row.field}`);
  }
});

test('no two bundles have the same name', () => {
  assert.is(new Set(CASES.map(({ name }) => name)).size, CASES.length);
  assert.ok(CASES.length >= 120);
});

test.run();
