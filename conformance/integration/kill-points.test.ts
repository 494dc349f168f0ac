// A runtime that is killed at any moment leaves nothing that `delete --force` can't clean up.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { waitUntil } from '../runtime.ts';
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
    // Lets signal handlers run: the attempts never wait for the event loop.
    await Bun.sleep(0);
    for (const line of await cleanUp(id, () => attempt(id, moment))) wrong.push(`${moment}: ${line}`);
    // Enough to see what is wrong; each failing moment takes seconds.
    if (wrong.length > 10) break;
  }
  return wrong;
}

function spread(top: number): number[] {
  return Array.from({ length: MOMENTS }, (_, index) => ((index + 0.5) * top) / MOMENTS);
}

// It may have ended since it was seen.
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
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

/** The moments right after the container process was made, when the runtime has not yet written down its pid. */
function afterClone(kills: string[]): number[] {
  const clone = kills.findIndex((kill) => /^inject=clone3?:/.test(kill));
  return Array.from({ length: MOMENTS }, (_, index) => clone + 1 + index).filter((moment) => moment < kills.length);
}

/** strace's name for each system call of a command's main process, e.g. the third openat: "openat:signal=...:when=3". */
function killsOf(command: 'create' | 'start' | 'delete'): string[] {
  const id = runtime.id();
  COMMANDS[command].prepare(id);
  const log = join(runtime.folder, `strace.${command}`);
  runtime.ok(COMMANDS[command].args(id), { wrapper: ['strace', '-qq', '-o', log] });
  runtime.remove(id);
  const counts = new Map<string, number>();
  return [...readFileSync(log, 'utf8').matchAll(/^(\w+)\(/gm)].map(([, name = '']) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return `inject=${name}:signal=SIGKILL:when=${count}`;
  });
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
      const kills = killsOf(command);
      const wrong = await tryMoments(spread(kills.length), async (id, moment) => {
        prepare(id);
        const inject = kills[Math.floor(moment)] ?? '';
        runtime.command(args(id), { wrapper: ['strace', '-qq', '-o', '/dev/null', '-e', inject] });
      });
      assert.equal(wrong, []);
    },
  );
}

testUnless(lacksStrace, test, 'create killed right after it made the container process leaves no orphan', async () => {
  const kills = killsOf('create');
  const wrong = await tryMoments(afterClone(kills), async (id, moment) => {
    const wrapper = ['strace', '-qq', '-o', '/dev/null', '-e', kills[moment] ?? ''];
    runtime.command(createOf(id), { wrapper });
  });
  assert.equal(wrong, []);
});

const lacksChildren = existsSync(`/proc/self/task/${process.pid}/children`) ? undefined : 'no CONFIG_PROC_CHILDREN';

testUnless(lacksChildren, test, `create whose child is killed at ${MOMENTS} times fails or is cleaned up`, async () => {
  const wrong = await tryMoments(spread(durationOf('create')), async (id, delay) => {
    const running = runtime.begin(createOf(id));
    const children = (): string => readText(`/proc/${running.pid}/task/${running.pid}/children`).trim();
    const end = performance.now() + delay;
    while (performance.now() < end || (children() === '' && performance.now() < end + 2000)) Bun.sleepSync(0.2);
    const child = Number(children().split(' ')[0]);
    if (child > 1) killIfThere(child);
    const { signal } = await running.ended;
    if (signal !== null) throw new Error(`create ended by ${signal}`);
  });
  assert.equal(wrong, []);
});

testUnless(
  lacksStrace ?? lacksChildren,
  test,
  'exec whose starter is killed before it tells of the process ends that',
  async () => {
    const { directory } = runtime.bundle({ process: { args: ['sleep', '60'] } });
    const id = runtime.id();
    runtime.ok(['create', '--bundle', directory, id]);
    runtime.ok(['start', id]);
    // The process is there, and the one that has made it not yet out of the call.
    const inject = ['-e', 'trace=clone3', '-e', 'inject=clone3:delay_exit=2000000'];
    const wrapper = ['strace', '-f', '-qq', '-o', '/dev/null', ...inject];
    const running = runtime.begin(['exec', id, 'sleep', '61'], { wrapper });
    const childrenOf = (pid: number): number[] =>
      readText(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number);
    const ofRuntime = (): number[] => childrenOf(childrenOf(running.pid)[0] ?? 0);
    const isExecuted = (pid: number): boolean => readText(`/proc/${pid}/cmdline`) === 'sleep\x0061\0';
    assert.ok(
      waitUntil(() => ofRuntime().some(isExecuted)),
      'never executed',
    );
    const [process61 = 0] = ofRuntime().filter(isExecuted);
    for (const pid of ofRuntime()) if (pid !== process61) killIfThere(pid);
    // strace stays when a process ends that it holds back.
    assert.ok(
      waitUntil(() => childrenOf(running.pid).length === 0),
      'the runtime has not ended',
    );
    running.child.kill('SIGKILL');
    const { stderr } = await running.ended;
    assert.match(stderr, /was killed by signal 9 before it became the user's program/);
    assert.not.ok(existsSync(`/proc/${process61}/exe`));
    runtime.remove(id);
  },
);

for (const kind of ['prestart', 'createRuntime', 'poststart'] as const) {
  test(`a ${kind} hook that kills the runtime leaves nothing that delete --force can't clean`, async () => {
    // The container process waits for an answer at this moment, and must notice that none will come.
    const killer = { path: '/bin/sh', args: ['sh', '-c', '[ $PPID -gt 1 ] && kill -KILL $PPID'] };
    const args = ['sleep', '60'];
    const { directory } = runtime.bundle({ process: { args }, hooks: { [kind]: [killer] } });
    const id = runtime.id();
    const wrong = await cleanUp(id, async () => {
      runtime.command(['create', '--bundle', directory, id]);
      runtime.command(['start', id]);
    });
    assert.equal(wrong, []);
  });
}

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
