import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configWith } from './fixtures/cases.ts';
import { each, missing, namespaceOf, needsNamespace, pointerPart, problem, show } from './problem.ts';

const test = suite('validate/problem');

const values: [value: unknown, shown: string][] = [
  ['x', '"x"'],
  [5, '5'],
  [18446744073709551615n, '18446744073709551615'],
  [null, 'null'],
  [undefined, 'undefined'],
  [{ a: [1, 2n] }, '{"a":[1,2]}'],
  ['two\nlines\0', '"two\\nlines\\u0000"'],
  ['\u202eturned \u009b2J', '"\\u202eturned \\u009b2J"'],
  ['y'.repeat(58), `"${'y'.repeat(58)}"`],
  ['y'.repeat(59), `"${'y'.repeat(58)}…`],
  ['😀'.repeat(40), `"${'😀'.repeat(29)}…`],
];
for (const [value, shown] of values) {
  test(`${shown} is shown on one short line`, () => {
    assert.is(show(value), shown);
    assert.ok(show(value).length <= 60);
  });
}

test('a problem has a pointer, a value and a rule', () => {
  assert.equal(problem('/a\u001b', 1, 'must be 2'), { pointer: '/a\\u001b', value: '1', rule: 'must be 2' });
  assert.equal(missing('/a'), { pointer: '/a', rule: 'is missing' });
});

test('keys are escaped in pointers', () => assert.is(pointerPart('a/b~c~1'), 'a~1b~0c~01'));

test('each collects findings, single or several', () => {
  const check = (entry: string, index: number) =>
    entry === '' ? undefined : entry === 'b' ? ['b1', 'b2'] : `${entry}${index}`;
  assert.equal(each(['a', '', 'b', 'c'], check), ['a0', 'b1', 'b2', 'c3']);
  assert.equal(each(undefined, check), []);
});

test('namespaces are found by type', () => {
  const config = configWith({ '/linux/namespaces': [{ type: 'pid' }, { type: 'uts', path: '/x' }] });
  assert.equal(namespaceOf(config, 'uts'), { type: 'uts', path: '/x' });
  assert.is(namespaceOf(config, 'ipc'), undefined);
  assert.is(namespaceOf({ ociVersion: '1.0.0' }, 'ipc'), undefined);
  assert.equal(needsNamespace(config, 'uts', '/hostname', 'a'), []);
  assert.equal(needsNamespace(config, 'ipc', '/x', 'a'), [
    { pointer: '/x', value: '"a"', rule: 'needs a namespace of type ipc in /linux/namespaces' },
  ]);
});

test.run();
