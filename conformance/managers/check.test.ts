import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { complaint, type Ended, type Expected } from './check.ts';

const test = suite('managers/check');
const ended = (status: number | null, stdout = '', stderr = ''): Ended => ({ status, stdout, stderr });

const good: [name: string, expected: Expected, outcome: Ended][] = [
  ['a text is the whole output', 'hi', ended(0, ' hi\n')],
  ['a pattern is looked for', /h./, ended(0, 'oh hi\n')],
  ['an exit status', { exit: 7 }, ended(7, 'anything')],
  ['the status of a killed program may be expected', { exit: 137 }, ended(137)],
  ['words on standard error', { exit: 1, says: /denied/ }, ended(1, '', 'permission denied\n')],
];
for (const [name, expected, outcome] of good) test(name, () => assert.is(complaint(expected, outcome), undefined));

const bad: [name: string, expected: Expected, outcome: Ended, complaint: string][] = [
  ['other output', 'hi', ended(0, 'ho'), 'shows "ho", not hi'],
  ['a failure, with its last words', 'hi', ended(1, 'hi', 'a\nb\n'), 'exit status 1: b'],
  ['a success where a failure is expected', { exit: 3 }, ended(0), 'exit status 0, not 3: '],
  ['the time limit', 'hi', ended(124, 'hi', 'x'), 'time limit, or killed: x'],
  ["Docker's hint isn't its last word", '', ended(125, '', "no\nSee 'docker run --help'.\n"), 'exit status 125: no'],
  ['other words on standard error', { says: /a/ }, ended(0, '', 'b'), 'says "b", not /a/'],
];
for (const [name, expected, outcome, text] of bad) test(name, () => assert.is(complaint(expected, outcome), text));

test.run();
