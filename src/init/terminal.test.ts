import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { argsOf, callsOf, firstOutOfOrder, rootScriptOf, scriptOf, stepsOf } from './fixtures/lines.ts';
import { controlTerminal, makeConsole, makeExecTerminal, useTerminal } from './terminal.ts';

const test = suite('init/terminal');

const PLAN = { size: { height: 25, width: 80 }, uid: 7 };

test('a terminal is made in the devpts of the container, and covers its console', () => {
  const script = rootScriptOf((root) => makeConsole(root, PLAN));
  const at = '/process/terminal: ';
  const order = [
    `${at}openat2 /dev/ptmx`,
    `${at}ioctl TIOCSPTLCK /dev/ptmx`,
    `${at}ioctl TIOCGPTPEER /dev/ptmx`,
    `${at}ioctl TIOCSWINSZ`,
    `${at}fchownat owner 7`,
    `${at}sendmsg terminal`,
    `${at}openat2 /dev/console`,
    `${at}open_tree /dev/console`,
    `${at}move_mount /dev/console`,
  ];
  assert.is(firstOutOfOrder(stepsOf(script), order), undefined);
});

test('without a size none is set', () => {
  const script = rootScriptOf((root) => makeConsole(root, { ...PLAN, size: undefined }));
  assert.is(callsOf(script, 'ioctl').length, 2);
});

test('only the owner is changed, by descriptor', () => {
  const script = scriptOf((own) => makeExecTerminal(own, PLAN));
  assert.equal(
    callsOf(script, 'fchownat').map((call) => argsOf(script, call)),
    [['slot', '', 7, -1, K.AT_EMPTY_PATH]],
  );
  assert.equal(callsOf(script, 'open_tree'), []);
});

test('its other end becomes the standard streams, and both descriptors are closed', () => {
  const script = scriptOf((own) => {
    useTerminal(own, makeExecTerminal(own, PLAN));
    controlTerminal(own);
  });
  assert.equal(
    callsOf(script, 'dup3').map((call) => argsOf(script, call)),
    [0, 1, 2].map((fd) => ['slot', fd, 0]),
  );
  assert.is(callsOf(script, 'close').length, 2);
  assert.is(stepsOf(script).at(-1), '/process/terminal: ioctl TIOCSCTTY');
});

test.run();
