import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { judge } from './program.ts';

const test = suite('runtime-tools/program');
const GOOD = 'TAP version 13\nok 1 - a\nok 2 # SKIP b\n1..2\n';

test('passed and skipped assertions are counted', () => {
  assert.equal(judge({ status: 0, stdout: GOOD, stderr: '' }), { passed: 1, skipped: 1, failures: [] });
});

test('a failed assertion is a failure, with its diagnostic', () => {
  const { failures } = judge({ status: 0, stdout: 'not ok 1 - a\n  ---\n  {}\n  ...\n1..1\n', stderr: '' });
  assert.equal(failures, [{ text: 'a', detail: '{}' }]);
});

test('a failed assertion that only has an exit status is completed from standard error', () => {
  const stdout = 'not ok 1 - exit status 1\nnot ok 2 - exit status 2\nnot ok 3 - exit status 3\n1..3\n';
  const stderr = 'failed to create the container\nruntime: a\nx\nfailed to start the container\nruntime: b\n';
  const texts = ['exit status 1: runtime: a', 'exit status 2: runtime: b', 'exit status 3: '];
  assert.equal(textsOf({ status: 0, stdout, stderr }), texts);
});

const REFUSAL = 'failed to create the container\nruntime: no such limit\n';
const silent: [name: string, stdout: string, stderr: string, passed: number][] = [
  ['a program without assertions passes', 'TAP version 13\n1..0\n', '', 1],
  ['a program that waited for an error of create passes', '', REFUSAL, 1],
  ['a program that only skips does not count', 'ok 1 # SKIP x\n1..1\n', '', 0],
];
for (const [name, stdout, stderr, passed] of silent) {
  test(name, () => assert.equal(judge({ status: 0, stdout, stderr }).passed, passed));
}

const endings: [name: string, status: number | null, stdout: string, stderr: string, text: string][] = [
  ['an exit status', 1, GOOD, `${REFUSAL}exit status 1\n`, 'exit status 1: runtime: no such limit'],
  ['the time limit', 124, GOOD, '', 'time limit: '],
  ['a killed program', null, GOOD, '', 'time limit: '],
  ['no output at all', 0, '', '', 'no plan: '],
  ['a plan that is not kept', 0, 'ok 1\n1..2\n', '', '1 of 2 assertions: '],
];
for (const [name, status, stdout, stderr, text] of endings) {
  test(`${name} is a failure`, () => assert.equal(textsOf({ status, stdout, stderr }), [text]));
}

test('an error without an assertion is a failure, and so is what was left behind', () => {
  const stdout = 'TAP version 13\n  ---\n  {"error": "late"}\n  ...\n1..0\n';
  const stderr = 'leftover: container 1\n';
  assert.equal(textsOf({ status: 0, stdout, stderr }), ['error without an assertion: late', 'leftover: container 1']);
});

const textsOf = (ended: Parameters<typeof judge>[0]): string[] => judge(ended).failures.map(({ text }) => text);

test.run();
