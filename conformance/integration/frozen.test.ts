// Containers whose cgroup somebody has frozen, and commands that other commands hold up.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Changes, withNamespaces } from '../bundle.ts';
import { isRunts, waitUntil } from '../runtime.ts';
import { readText } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('frozen');
const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers');
const FREEZER = isV2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/freezer';
const noFreezer = existsSync(join(FREEZER, 'cgroup.procs')) ? undefined : 'the host has no freezer';
const onlyRunts = isRunts ? noFreezer : 'runc does otherwise';
const SOON = { timeoutMs: 5000 };

const path = (): string => `/${runtime.id()}`;
const stateFile = (cgroup: string): string => join(FREEZER, cgroup, isV2 ? 'cgroup.freeze' : 'freezer.state');
const freeze = (cgroup: string): void => writeFileSync(stateFile(cgroup), isV2 ? '1' : 'FROZEN');
const thaw = (cgroup: string): void => writeFileSync(stateFile(cgroup), isV2 ? '0' : 'THAWED');

function created(changes: Changes = {}): { id: string; cgroup: string } {
  const cgroup = path();
  const id = runtime.create(
    runtime.bundle({
      process: { args: ['sleep', '60'], ...changes.process },
      ...changes,
      linux: { ...changes.linux, cgroupsPath: cgroup },
    }),
  );
  return { id, cgroup };
}

testUnless(noFreezer, test, 'a created container that is frozen is paused, and start refuses at once', () => {
  const { id, cgroup } = created();
  freeze(cgroup);
  assert.is(runtime.state(id).status, 'paused');
  assert.match(runtime.fails(['start', id], SOON).replaceAll(id, 'ID'), /paused/);
  thaw(cgroup);
  assert.is(runtime.state(id).status, 'created');
  runtime.ok(['start', id]);
  runtime.remove(id);
});

testUnless(noFreezer, test, 'kill KILL of a frozen container ends it', () => {
  const { id, cgroup } = created();
  runtime.ok(['start', id]);
  freeze(cgroup);
  runtime.ok(['kill', id, 'TERM']);
  assert.is(runtime.state(id).status, 'paused');
  runtime.ok(['kill', id, 'KILL']);
  runtime.waitFor(id, 'stopped');
  runtime.ok(['delete', id]);
});

for (const isStarted of [false, true]) {
  const what = isStarted ? 'running' : 'created';
  testUnless(noFreezer, test, `delete --force of a frozen ${what} container leaves nothing behind`, () => {
    const before = snapshot(runtime);
    const { id, cgroup } = created();
    if (isStarted) runtime.ok(['start', id]);
    freeze(cgroup);
    runtime.ok(['delete', '--force', id], SOON);
    assert.equal(leftovers(before), []);
  });
}

testUnless(onlyRunts, test, 'a container that is stopped by a signal is not waited for by start', () => {
  const { id } = created();
  runtime.ok(['kill', id, 'STOP']);
  assert.match(runtime.fails(['start', id], SOON), /stopped by a signal/);
  runtime.ok(['kill', id, 'CONT']);
  assert.is(runtime.state(id).status, 'created');
  runtime.ok(['start', id]);
  runtime.remove(id);
});

testUnless(onlyRunts, test, 'delete --force ends a start that waits for a container', () => {
  const before = snapshot(runtime);
  // The hook is the lock's holder: it waits until the container's process is gone.
  const script = 'pid=$(sed "s/.*\\"pid\\":\\([0-9]*\\).*/\\1/"); while kill -0 $pid; do sleep 0.05; done';
  const { id } = created({ hooks: { poststart: [{ path: '/bin/sh', args: ['sh', '-c', script] }] } });
  runtime.begin(['start', id]);
  runtime.waitFor(id, 'running');
  runtime.ok(['delete', '--force', id], SOON);
  assert.equal(leftovers(before), []);
});

for (const kind of ['createRuntime', 'createContainer', 'startContainer', 'poststart'] as const) {
  testUnless(onlyRunts, test, `delete --force ends a ${kind} hook that hangs`, async () => {
    const before = snapshot(runtime);
    const id = runtime.id();
    const hook = { path: '/bin/sh', args: ['sh', '-c', 'exec sleep 60'], env: ['PATH=/bin'] };
    const { directory } = runtime.bundle({ process: { args: ['sleep', '60'] }, hooks: { [kind]: [hook] } });
    const run = runtime.begin(['run', '--detach', '--bundle', directory, id]);
    const isHolding = () => readText(`/proc/${run.pid}/task/${run.pid}/children`).trim().split(' ').length === 2;
    assert.ok(waitUntil(isHolding));
    runtime.ok(['delete', '--force', id], SOON);
    const { exit, stderr } = await run.ended;
    assert.is(exit, 1);
    assert.match(stderr, new RegExp(`hook /hooks/${kind}/0 .*killed by signal 9`));
    assert.equal(leftovers(before), []);
  });
}

testUnless(onlyRunts, test, 'delete --force gives up on a container that somebody else holds, and says who', () => {
  const { id } = created();
  const holder = Bun.spawn(['flock', join(runtime.root, id), 'sleep', '60']);
  const isHeld = () => readText('/proc/locks').includes(` ${holder.pid} `);
  assert.ok(waitUntil(isHeld));
  assert.match(runtime.fails(['delete', '--force', id]), `process ${holder.pid} is still working on the container`);
  const child = readText(`/proc/${holder.pid}/task/${holder.pid}/children`).trim();
  process.kill(Number(child), 'SIGKILL');
  assert.ok(waitUntil(() => runtime.command(['delete', '--force', id]).exit === 0));
});

test('delete --force ends a foreground run', async () => {
  const before = snapshot(runtime);
  const id = runtime.id();
  const { directory } = runtime.bundle({ process: { args: ['sleep', '60'] } });
  const run = runtime.begin(['run', '--bundle', directory, id]);
  assert.ok(waitUntil(() => runtime.command(['state', id]).stdout.includes('"running"')));
  runtime.ok(['delete', '--force', id], SOON);
  assert.is((await run.ended).exit, 137);
  assert.equal(leftovers(before), []);
});

testUnless(noFreezer, test, 'kill --all KILL ends frozen processes, also those the container has frozen itself', () => {
  const cgroup = path();
  const bundle = runtime.bundle({
    process: { args: ['sh', '-c', 'sleep 71 & sleep 72 & echo > /ready; wait'] },
    ...withNamespaces('mount'),
  });
  bundle.config.linux = { ...bundle.config.linux, cgroupsPath: cgroup };
  writeFileSync(join(bundle.directory, 'config.json'), JSON.stringify(bundle.config));
  const id = runtime.create(bundle);
  runtime.ok(['start', id]);
  assert.ok(waitUntil(() => readText(join(bundle.rootfs, 'ready')) !== ''));
  const procs = () =>
    readText(join(FREEZER, cgroup, 'cgroup.procs'))
      .split('\n')
      .filter(Boolean);
  assert.is(procs().length, 3);
  mkdirSync(join(FREEZER, cgroup, 'below'));
  writeFileSync(join(FREEZER, cgroup, 'below/cgroup.procs'), procs()[1] ?? '');
  freeze(`${cgroup}/below`);
  freeze(cgroup);
  runtime.ok(['kill', '--all', id, 'KILL'], SOON);
  runtime.waitFor(id, 'stopped');
  assert.ok(waitUntil(() => procs().length === 0 && !readText(join(FREEZER, cgroup, 'below/cgroup.procs'))));
  runtime.ok(['delete', id]);
});

test.run();
