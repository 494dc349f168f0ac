import { constants } from 'node:os';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from './errors.ts';
import { parseSignal } from './signals.ts';

const test = suite('signals');

const numbers: [string, number][] = [
  ['KILL', 9],
  ['SIGKILL', 9],
  ['kill', 9],
  ['SigTerm', 15],
  ['9', 9],
  ['09', 9],
  ['+9', 9],
  ['0', 0],
  ['32', 32],
  ['64', 64],
  ['', 15],
  ['STKFLT', 16],
  ['CLD', 17],
  ['SIGCLD', 17],
  ['SIGIOT', 6],
  ['SIGPOLL', 29],
  ['SIGIO', 29],
  ['SIGUNUSED', 31],
  ['RTMIN', 34],
  ['SIGRTMIN', 34],
  ['RTMIN+0', 34],
  ['SIGRTMIN+3', 37],
  ['rtmin+30', 64],
  ['RTMAX', 64],
  ['SIGRTMAX-1', 63],
  ['sigrtmax-30', 34],
];

for (const [text, number] of numbers) {
  test(`"${text}" is ${number}`, () => assert.is(parseSignal(text), number));
}

const wrong = [
  ...['65', '-1', '-9', '100000', '99999999999999999999', ' 9', '9 ', '0x9', '1_0', '9.0', '1e1'],
  ...['FOO', 'SIG', 'SIGSIGKILL', 'SIG9', 'KILL ', '-KILL', 'EXIT', 'EMT', 'LOST', '__proto__', 'constructor'],
  ...['RTMIN-1', 'RTMAX+1', 'RTMIN+31', 'RTMAX-31', 'RTMIN+', 'RTMIN3', 'RTMIN+1+1', 'RTMID'],
];

for (const text of wrong) {
  test(`"${text}" is refused by name`, () => {
    const namesIt = (error: unknown) => error instanceof UsageError && error.reason === `unknown signal "${text}"`;
    assert.throws(() => parseSignal(text), namesIt);
  });
}

test('the numbers are those of the C library', () => {
  for (const [name, number] of Object.entries(constants.signals)) assert.is(parseSignal(name), number, name);
});

test.run();
