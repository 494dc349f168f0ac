// `pause` and `resume`: all processes of a container stop and go on, also those in cgroups that it has made itself.
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { waitUntil } from '../runtime.ts';
import { readText } from './host.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('pause');

// Two processes that write more and more.
const COUNT = 'while :; do echo >>/tmp/$0; sleep 0.02; done';
const args = ['sh', '-c', `sh -c '${COUNT}' a & exec sh -c '${COUNT}' b`];

function counters(rootfs: string): number[] {
  return ['a', 'b'].map((name) => readText(join(rootfs, 'tmp', name)).length);
}

test('a paused container does nothing until it is resumed', () => {
  const { directory, rootfs } = runtime.bundle({ process: { args } });
  const id = runtime.id();
  runtime.ok(['create', '--bundle', directory, id]);
  runtime.ok(['start', id]);
  assert.ok(waitUntil(() => counters(rootfs).every((count) => count > 1)));
  runtime.ok(['pause', id]);
  assert.is(runtime.state(id).status, 'paused');
  const before = counters(rootfs);
  Bun.sleepSync(200);
  assert.equal(counters(rootfs), before);
  runtime.ok(['resume', id]);
  assert.is(runtime.state(id).status, 'running');
  assert.ok(waitUntil(() => counters(rootfs).every((count, index) => count > (before[index] ?? 0))));
  runtime.remove(id);
});

test('only what runs is paused, only what is paused is resumed', () => {
  const id = runtime.running();
  assert.match(runtime.fails(['resume', id]), 'container not paused');
  runtime.ok(['pause', id]);
  assert.match(runtime.fails(['pause', id]), 'container not running');
  runtime.ok(['resume', id]);
  runtime.ok(['kill', id, 'KILL']);
  runtime.waitFor(id, 'stopped');
  for (const command of ['pause', 'resume']) assert.match(runtime.fails([command, id]), 'container not');
  for (const command of ['pause', 'resume']) assert.match(runtime.fails([command, 'none']), 'container does not exist');
});

test('a paused container can be killed and deleted', () => {
  const id = runtime.running();
  runtime.ok(['pause', id]);
  runtime.ok(['kill', id, 'KILL']);
  runtime.waitFor(id, 'stopped');
  runtime.ok(['delete', id]);
  const other = runtime.running();
  runtime.ok(['pause', other]);
  runtime.remove(other);
});

test('pausing many times ends as it began', () => {
  const id = runtime.running({ process: { args } });
  for (let count = 0; count < 10; count++) {
    runtime.ok(['pause', id]);
    runtime.ok(['resume', id]);
  }
  assert.is(runtime.state(id).status, 'running');
  runtime.remove(id);
});

test.run();
