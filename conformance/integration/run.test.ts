// The foreground `run`, and `run --detach`: exit status, signals, standard streams, reaping.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { withNamespaces } from '../bundle.ts';
import { isRunts, type RunningCommand, runtimePath, waitUntil } from '../runtime.ts';
import { parseStatus, pids, readText } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('run');

/** A foreground run of a shell script that has printed "ready". */
function runScript(id: string, script: string): RunningCommand {
  const bundle = runtime.bundle({ process: { args: ['sh', '-c', script] } });
  const run = runtime.begin(['run', '--bundle', bundle.directory, id]);
  if (!waitUntil(() => run.stdout().includes('ready'))) throw new Error(`never ready: ${run.stdout()}`);
  return run;
}

for (const status of [0, 1, 7, 127, 255]) {
  test(`run exits with the program's status ${status}`, () => {
    const bundle = runtime.bundle({ process: { args: ['sh', '-c', `exit ${status}`] } });
    assert.is(runtime.command(['run', '--bundle', bundle.directory, runtime.id()]).exit, status);
  });
}

// pid_namespaces(7): PID 1 gets only KILL and STOP without having a handler, so this container has no such namespace.
for (const [signal, status] of [
  ['TERM', 143],
  ['SEGV', 139],
  ['USR1', 138],
] as const) {
  test(`run exits with ${status} when SIG${signal} ends the program`, () => {
    const process = { args: ['sh', '-c', `kill -${signal} $$`] };
    const bundle = runtime.bundle({ process, ...withNamespaces('mount') });
    assert.is(runtime.command(['run', '--bundle', bundle.directory, runtime.id()]).exit, status);
  });
}

// Nobody could wait for a child then: signal(7), "Signal dispositions".
if (isRunts) {
  test('run and exec wait for their process even if the caller ignores that children end', () => {
    const bundle = runtime.bundle({ process: { args: ['sh', '-c', 'sleep 0.2; exit 6'] } });
    const waiting = runtime.bundle({ process: { args: ['sleep', '60'] } });
    const id = runtime.create(waiting);
    runtime.ok(['start', id]);
    for (const [status, args] of [
      [6, ['run', '--bundle', bundle.directory, runtime.id()]],
      [7, ['exec', id, 'sh', '-c', 'sleep 0.2; exit 7']],
    ] as const) {
      const words = ['-c', 'trap "" CHLD; exec "$@"', 'sh', runtimePath, '--root', runtime.root, ...args];
      assert.is(spawnSync('bash', words, { stdio: 'ignore', timeout: 20_000, killSignal: 'SIGKILL' }).status, status);
    }
  });
}

test('run exits with 137 when the program is killed from outside', async () => {
  const id = runtime.id();
  const run = runScript(id, 'echo ready; exec sleep 60');
  process.kill(runtime.state(id).pid, 'SIGKILL');
  assert.is((await run.ended).exit, 137);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const) {
  test(`run forwards ${signal} to the program`, async () => {
    const script = `trap "echo got; exit 5" ${signal.slice(3)}; echo ready; while true; do sleep 0.05; done`;
    const run = runScript(runtime.id(), script);
    process.kill(run.pid, signal);
    const { exit, stdout } = await run.ended;
    assert.is(stdout, 'ready\ngot\n');
    assert.is(exit, 5);
  });
}

test('run ignores a signal that the program ignores', async () => {
  const run = runScript(runtime.id(), 'trap "" HUP; trap "exit 3" TERM; echo ready; while true; do sleep 0.05; done');
  process.kill(run.pid, 'SIGHUP');
  Bun.sleepSync(200);
  process.kill(run.pid, 'SIGTERM');
  assert.is((await run.ended).exit, 3);
});

test('run deletes the container when the program has ended', () => {
  const before = snapshot(runtime);
  assert.is(runtime.inside('echo done'), 'done\n');
  assert.equal(leftovers(before), []);
});

test('run --keep keeps the stopped container', () => {
  const id = runtime.id();
  runtime.ok(['run', '--keep', '--bundle', runtime.bundle().directory, id]);
  assert.is(runtime.state(id).status, 'stopped');
  runtime.ok(['delete', id]);
});

test('run --keep still passes the exit status on', () => {
  const id = runtime.id();
  const bundle = runtime.bundle({ process: { args: ['sh', '-c', 'exit 9'] } });
  assert.is(runtime.command(['run', '--keep', '--bundle', bundle.directory, id]).exit, 9);
  runtime.ok(['delete', id]);
});

test('run --detach returns while the program runs', () => {
  const id = runtime.id();
  const bundle = runtime.bundle({ process: { args: ['sleep', '60'] } });
  const pidFile = join(runtime.folder, 'detached.pid');
  runtime.ok(['run', '--detach', '--pid-file', pidFile, '--bundle', bundle.directory, id]);
  const state = runtime.state(id);
  assert.is(state.status, 'running');
  assert.is(readText(pidFile), String(state.pid));
  runtime.remove(id);
});

test('run --detach leaves the stopped container for delete', () => {
  const id = runtime.id();
  runtime.ok(['run', '--detach', '--bundle', runtime.bundle().directory, id]);
  runtime.waitFor(id, 'stopped');
  runtime.ok(['delete', id]);
});

test('standard input reaches the program', () => {
  assert.is(runtime.inside('cat', {}, { input: 'one\ntwo\n' }), 'one\ntwo\n');
});

test('standard error is separate from standard output', () => {
  const bundle = runtime.bundle({ process: { args: ['sh', '-c', 'echo out; echo err >&2'] } });
  const { stdout, stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(stdout, 'out\n');
  assert.is(stderr, 'err\n');
});

test('run --pid-file is written before the program starts', async () => {
  const id = runtime.id();
  const pidFile = join(runtime.folder, 'run.pid');
  const bundle = runtime.bundle({ process: { args: ['sh', '-c', 'echo ready; exec sleep 60'] } });
  const run = runtime.begin(['run', '--pid-file', pidFile, '--bundle', bundle.directory, id]);
  assert.ok(waitUntil(() => run.stdout().includes('ready')));
  assert.is(readText(pidFile), String(runtime.state(id).pid));
  runtime.ok(['kill', id, 'KILL']);
  assert.is((await run.ended).exit, 137);
});

test('orphans of the container end with it and leave no zombie', () => {
  const before = snapshot(runtime);
  runtime.inside('sleep 61 & sleep 62 & (sleep 63 &) ; echo done');
  assert.equal(leftovers(before), []);
  assert.equal(zombiesOf(process.pid), []);
});

test('a detached run leaves no zombie behind when its program ends', () => {
  const id = runtime.id();
  runtime.ok(['run', '--detach', '--bundle', runtime.bundle().directory, id]);
  runtime.waitFor(id, 'stopped');
  assert.equal(zombiesOf(process.pid), []);
  runtime.ok(['delete', id]);
});

test('run reports a program that does not exist and leaves nothing behind', () => {
  const before = snapshot(runtime);
  const bundle = runtime.bundle({ process: { args: ['no-such-program'] } });
  assert.match(runtime.fails(['run', '--bundle', bundle.directory, runtime.id()]), /no-such-program/);
  assert.equal(leftovers(before), []);
});

test('run of an existing id fails and does not touch that container', () => {
  const id = runtime.running();
  assert.match(runtime.fails(['run', '--bundle', runtime.bundle().directory, id]), /exist/);
  assert.is(runtime.state(id).status, 'running');
  runtime.remove(id);
});

test('the runtime waits in the foreground without using processor time', async () => {
  const id = runtime.id();
  const run = runScript(id, 'echo ready; exec sleep 60');
  const ticks = (): number => {
    const fields = readText(`/proc/${run.pid}/stat`).split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };
  const start = ticks();
  await Bun.sleep(500);
  // A loop that polls without sleeping would have used 50.
  assert.ok(ticks() - start <= 5, `${ticks() - start} ticks in half a second`);
  runtime.ok(['kill', id, 'KILL']);
  await run.ended;
});

test('delete --force cleans up after a foreground run that was killed', async () => {
  const id = runtime.id();
  const before = snapshot(runtime);
  const run = runScript(id, 'echo ready; exec sleep 60');
  process.kill(run.pid, 'SIGKILL');
  assert.is((await run.ended).signal, 'SIGKILL');
  runtime.remove(id);
  assert.equal(leftovers(before), []);
});

if (isRunts) {
  test('run in the foreground is one process beside the container', async () => {
    const id = runtime.id();
    const run = runScript(id, 'echo ready; exec sleep 60');
    const children = pids().filter((pid) => parentOf(pid) === run.pid);
    assert.equal(children, [runtime.state(id).pid]);
    runtime.ok(['kill', id, 'KILL']);
    await run.ended;
    assert.not(existsSync(`/proc/${children[0]}`));
  });
}

function parentOf(pid: number): number {
  return Number(parseStatus(readText(`/proc/${pid}/status`)).get('PPid'));
}

function zombiesOf(parent: number): number[] {
  const isZombie = (pid: number): boolean => parseStatus(readText(`/proc/${pid}/status`)).get('State') === 'Z (zombie)';
  return pids().filter((pid) => parentOf(pid) === parent && isZombie(pid));
}

test.run();
