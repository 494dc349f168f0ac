import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { endHooksOf } from './hung-hooks.ts';

const test = suite('operate/hung-hooks');

test('children of a process with the same executable are killed', async () => {
  const child = spawn('sleep', ['60']);
  endHooksOf(process.pid);
  assert.equal(await once(child, 'exit'), [null, 'SIGKILL']);
});

test('children of anybody else are left alone', async () => {
  const shell = spawn('sh', ['-c', 'sleep 60 & echo $!; wait']);
  const [output] = await once(shell.stdout, 'data');
  const child = Number(String(output));
  endHooksOf(shell.pid ?? 0);
  assert.is(spawnSync('kill', ['-0', String(child)]).status, 0);
  process.kill(child, 'SIGKILL');
  assert.equal(await once(shell, 'exit'), [0, null]);
});

test('a process that is gone has none', () => endHooksOf(2 ** 22 + 1));

test.run();
