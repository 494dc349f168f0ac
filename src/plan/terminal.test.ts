import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RuntimeError } from '../errors.ts';
import { checkConsole, planTerminal, type TerminalPlan } from './terminal.ts';

const test = suite('plan/terminal');

test('a terminal has the size of the config and belongs to the user', () => {
  const process = { cwd: '/', terminal: true, consoleSize: { height: 2, width: 3 }, user: { uid: 7 } };
  assert.equal(planTerminal(process), { size: { height: 2, width: 3 }, uid: 7 });
  assert.equal(planTerminal({ cwd: '/', terminal: true }), { size: undefined, uid: 0 });
});

test('without process.terminal there is none, whatever consoleSize says', () => {
  assert.is(planTerminal({ cwd: '/', consoleSize: { height: 2, width: 3 } }), undefined);
  assert.is(planTerminal({ cwd: '/', terminal: false }), undefined);
});

const TERMINAL: TerminalPlan = { size: undefined, uid: 0 };
const CASES: [terminal: TerminalPlan | undefined, detach: boolean, socket: string | undefined, fault?: RegExp][] = [
  [undefined, false, undefined],
  [undefined, true, undefined],
  [undefined, true, '/s', /^cannot use console socket if runts will not detach or allocate tty$/],
  [undefined, false, '/s', /^cannot use console socket/],
  [TERMINAL, false, undefined],
  [TERMINAL, false, '/s', /^cannot use console socket/],
  [TERMINAL, true, '/s'],
  [TERMINAL, true, undefined, /^cannot allocate tty if runts will detach without setting console socket — /],
];

for (const [terminal, detach, consoleSocket, fault] of CASES) {
  const what = `${terminal ? 'a' : 'no'} terminal, ${detach ? 'detached' : 'in the foreground'}, socket ${consoleSocket}`;
  test(`${what}: ${fault === undefined ? 'fine' : 'refused'}`, () => {
    const check = () => checkConsole(terminal, { detach, consoleSocket });
    if (fault === undefined) check();
    else assert.throws(check, (error: unknown) => error instanceof RuntimeError && fault.test(error.oneLine));
  });
}

test.run();
