// A runtime that is killed at any moment leaves nothing that `delete --force` can't clean up.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { readText } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('kill-points');
const MOMENTS = 25;
const lacksStrace = Bun.which('strace') === null ? 'strace is not installed' : undefined;

const scripts = { poststop: [{ path: '/bin/true' }], createRuntime: [{ path: '/bin/true' }] };
const bundle = runtime.bundle({ process: { args: ['sleep', '60'] }, hooks: scripts });
const createOf = (id: string): string[] => ['create', '--bundle', bundle.directory, id];

/** How a command that is to be killed is called, and what must be there before. */
const COMMANDS = {
  create: { args: createOf, prepare: (_: string): void => {} },
  start: { args: (id: string) => ['start', id], prepare: (id: string): void => void runtime.ok(createOf(id)) },
  run: { args: (id: string) => ['run', '--bundle', bundle.directory, id], prepare: (_: string): void => {} },
  delete: {
    args: (id: string) => ['delete', '--force', id],
    prepare: (id: string): void => {
      runtime.ok(createOf(id));
      runtime.ok(['start', id]);
    },
  },
};
type Command = keyof typeof COMMANDS;

/** What is wrong after the command was killed at one moment; nothing if `delete --force` cleaned up. */
async function cleanUp(id: string, attempt: () => Promise<void>): Promise<string[]> {
  const before = snapshot(runtime);
  await attempt();
  const { exit, signal, stderr } = runtime.command(['delete', '--force', id]);
  const failure = exit === 0 ? [] : [`delete --force: ${signal ?? exit}: ${stderr.trim()}`];
  return [...failure, ...leftovers(before)];
}

/** The part of each moment that went wrong. */
async function tryMoments(
  moments: number[],
  attempt: (id: string, moment: number) => Promise<void>,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const moment of moments) {
    const id = runtime.id();
    for (const line of await cleanUp(id, () => attempt(id, moment))) wrong.push(`${moment}: ${line}`);
    // Enough to see what is wrong; each failing moment takes seconds.
    if (wrong.length > 10) break;
  }
  return wrong;
}

function spread(top: number): number[] {
  return Array.from({ length: MOMENTS }, (_, index) => ((index + 0.5) * top) / MOMENTS);
}

/** Milliseconds that a command takes, once. */
function durationOf(command: Command): number {
  const id = runtime.id();
  COMMANDS[command].prepare(id);
  const start = performance.now();
  const args = command === 'run' ? ['run', '--detach', '--bundle', bundle.directory, id] : COMMANDS[command].args(id);
  runtime.ok(args);
  const duration = performance.now() - start;
  runtime.remove(id);
  return duration;
}

/** System calls of the main process of a command, as strace without -f sees them. */
function callsOf(command: 'create' | 'start' | 'delete'): number {
  const id = runtime.id();
  COMMANDS[command].prepare(id);
  const log = join(runtime.folder, `strace.${command}`);
  runtime.ok(COMMANDS[command].args(id), { wrapper: ['strace', '-qq', '-o', log] });
  runtime.remove(id);
  return readFileSync(log, 'utf8').split('\n').length;
}

for (const command of ['create', 'start', 'run', 'delete'] as const) {
  test(`${command} killed at ${MOMENTS} times over its duration leaves nothing that delete --force can't clean`, async () => {
    const { args, prepare } = COMMANDS[command];
    const wrong = await tryMoments(spread(durationOf(command) * 1.1), async (id, delay) => {
      prepare(id);
      const running = runtime.begin(args(id));
      const end = performance.now() + delay;
      while (performance.now() < end) Bun.sleepSync(0.2);
      running.child.kill('SIGKILL');
      await running.ended;
    });
    assert.equal(wrong, []);
  });
}

for (const command of ['create', 'start', 'delete'] as const) {
  testUnless(
    lacksStrace,
    test,
    `${command} killed at ${MOMENTS} of its system calls leaves nothing that delete --force can't clean`,
    async () => {
      const { args, prepare } = COMMANDS[command];
      const wrong = await tryMoments(spread(callsOf(command)).map(Math.round), async (id, call) => {
        prepare(id);
        const inject = `inject=all:signal=SIGKILL:when=${Math.max(call, 1)}`;
        runtime.command(args(id), { wrapper: ['strace', '-qq', '-o', '/dev/null', '-e', inject] });
      });
      assert.equal(wrong, []);
    },
  );
}

const lacksChildren = existsSync(`/proc/self/task/${process.pid}/children`) ? undefined : 'no CONFIG_PROC_CHILDREN';

testUnless(lacksChildren, test, `create whose child is killed at ${MOMENTS} times fails or is cleaned up`, async () => {
  const wrong = await tryMoments(spread(durationOf('create')), async (id, delay) => {
    const running = runtime.begin(createOf(id));
    const children = (): string => readText(`/proc/${running.pid}/task/${running.pid}/children`).trim();
    const end = performance.now() + delay;
    while (performance.now() < end || (children() === '' && performance.now() < end + 2000)) Bun.sleepSync(0.2);
    const child = Number(children().split(' ')[0]);
    if (child > 1) process.kill(child, 'SIGKILL');
    const { signal } = await running.ended;
    if (signal !== null) throw new Error(`create ended by ${signal}`);
  });
  assert.equal(wrong, []);
});

test('an id whose create was killed can be used again after delete --force', async () => {
  const id = runtime.id();
  const running = runtime.begin(createOf(id));
  await Bun.sleep(durationOf('create') / 2);
  running.child.kill('SIGKILL');
  await running.ended;
  runtime.ok(['delete', '--force', id]);
  runtime.ok(createOf(id));
  runtime.ok(['start', id]);
  assert.is(runtime.state(id).status, 'running');
  runtime.remove(id);
});

test.run();
