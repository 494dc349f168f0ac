import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RuntimeError } from '../errors.ts';
import { linesOf } from './ps.ts';

// The command on real containers: conformance/integration/ps.test.ts.
const test = suite('operate/ps');

const TABLE = `UID        PID  PPID  C STIME TTY          TIME CMD
root        17     1  0 12:00 ?        00:00:00 sleep 17
1000       170    17  0 12:00 ?        00:00:00 sh -c 17 171
root       171    17  0 12:00 ?        00:00:00 [kworker/0]
`;

test('the head and the lines of the processes', () => {
  const lines = linesOf(TABLE, new Set([17, 171])).split('\n');
  assert.equal(
    lines.map((line) => line.slice(0, 14)),
    ['UID        PID', 'root        17', 'root       171', ''],
  );
});

test('no process, no line but the head', () => assert.is(linesOf(TABLE, new Set()).split('\n').length, 2));

test('a table without pids is of no use', () => {
  const namesIt = (error: unknown) => error instanceof RuntimeError && /find PID field/.test(error.oneLine);
  assert.throws(() => linesOf('COMMAND\nsh\n', new Set([1])), namesIt);
});

test.run();
