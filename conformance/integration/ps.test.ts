// `ps`: the container's processes, all of them and no others.
import * as assert from 'uvu/assert';
import { waitUntil } from '../runtime.ts';
import { readText } from './host.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('ps');

const id = runtime.running({ process: { args: ['sh', '-c', 'sleep 61 & sleep 62 & wait'] } });
runtime.running();
const { pid } = runtime.state(id);
const pids = (): number[] => JSON.parse(runtime.ok(['ps', '--format', 'json', id]));

test('JSON is a list of pids', () => {
  assert.match(runtime.ok(['ps', '--format', 'json', id]), /^\[[0-9,]+\]\n$/);
  assert.ok(waitUntil(() => pids().length === 3));
  assert.ok(pids().includes(pid));
  const commands = pids().map((each) => readText(`/proc/${each}/cmdline`).replaceAll('\0', ' ').trim());
  assert.equal(commands.sort(), ['sh -c sleep 61 & sleep 62 & wait', 'sleep 61', 'sleep 62']);
});

test('the table is that of ps -ef, with the lines of the container', () => {
  const lines = runtime.ok(['ps', id]).trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^UID +PID +PPID .* CMD$/);
  const found = lines.slice(1).map((line) => Number(line.trim().split(/\s+/)[1]));
  assert.equal(found.sort(), pids().sort());
});

test('options of ps are passed on', () => {
  const lines = runtime.ok(['ps', id, '-o', 'pid,args']).trimEnd().split('\n');
  // Those options show the processes of a terminal only: what is left may be none of the container's.
  assert.match(lines[0] ?? '', /^ +PID COMMAND$/);
  assert.is(runtime.ok(['ps', id, '-e', '-o', 'pid,args']).trimEnd().split('\n').length, 4);
});

test('without a column of pids there is an error', () => {
  assert.match(runtime.fails(['ps', id, '-e', '-o', 'args']), "couldn't find PID field");
});

test('what ps refuses is told', () => assert.match(runtime.fails(['ps', id, '--bogus']), /unknown gnu long option/));

test('a stopped container has none, and one that is not there is told', () => {
  const stopped = runtime.running();
  runtime.ok(['kill', stopped, 'KILL']);
  runtime.waitFor(stopped, 'stopped');
  assert.is(runtime.ok(['ps', stopped]).trimEnd().split('\n').length, 1);
  assert.is(runtime.ok(['ps', '-f', 'json', stopped]), 'null\n');
  assert.match(runtime.fails(['ps', 'none']), 'container does not exist');
});

test.run();
