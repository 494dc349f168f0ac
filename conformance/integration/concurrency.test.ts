// Commands on the same container at the same time, and many containers at once.
import * as assert from 'uvu/assert';
import type { Result } from '../runtime.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('concurrency');
const ROUNDS = 10;
const bundle = runtime.bundle({ process: { args: ['sleep', '60'] } });
const createOf = (id: string): string[] => ['create', '--bundle', bundle.directory, id];

/** Runs several commands at the same time. */
function together(...commands: string[][]): Promise<Result[]> {
  return Promise.all(commands.map((args) => runtime.begin(args).ended));
}

const successes = (results: Result[]): number => results.filter(({ exit }) => exit === 0).length;

test('of several creates of the same id at once exactly one wins, and the others say so', async () => {
  const before = snapshot(runtime);
  for (let round = 0; round < ROUNDS; round++) {
    const id = runtime.id();
    const results = await together(createOf(id), createOf(id), createOf(id));
    assert.is(successes(results), 1);
    for (const { exit, stderr } of results) if (exit !== 0) assert.match(stderr, /exist/);
    assert.is(runtime.state(id).status, 'created');
    runtime.remove(id);
  }
  assert.equal(leftovers(before), []);
});

test('of two starts at once exactly one wins', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const id = runtime.create(bundle);
    assert.is(successes(await together(['start', id], ['start', id])), 1);
    assert.is(runtime.state(id).status, 'running');
    runtime.remove(id);
  }
});

test('of two deletes at once at least one wins, and the container is gone', async () => {
  const before = snapshot(runtime);
  for (let round = 0; round < ROUNDS; round++) {
    const id = runtime.create(bundle);
    runtime.ok(['kill', id, 'KILL']);
    runtime.waitFor(id, 'stopped');
    assert.ok(successes(await together(['delete', id], ['delete', id])) >= 1);
  }
  assert.equal(leftovers(before), []);
});

test('delete --force while create is running leaves either a whole container or none', async () => {
  const before = snapshot(runtime);
  for (let round = 0; round < ROUNDS; round++) {
    const id = runtime.id();
    const create = runtime.begin(createOf(id));
    await Bun.sleep(round * 3);
    const deleted = runtime.begin(['delete', '--force', id]);
    const [{ exit }] = [await create.ended, await deleted.ended];
    const state = runtime.command(['state', id]);
    if (state.exit === 0) assert.is(JSON.parse(state.stdout).status, 'created', `create exited with ${exit}`);
    runtime.remove(id);
  }
  assert.equal(leftovers(before), []);
});

test('kill and start at once leave a container that can be deleted', async () => {
  const before = snapshot(runtime);
  for (let round = 0; round < ROUNDS; round++) {
    const id = runtime.create(bundle);
    await together(['start', id], ['kill', id, 'KILL']);
    runtime.remove(id);
  }
  assert.equal(leftovers(before), []);
});

test('state and list never fail while containers come and go', async () => {
  const stable = runtime.create(bundle);
  for (let round = 0; round < ROUNDS; round++) {
    const id = runtime.id();
    const results = await together(createOf(id), ['list'], ['state', stable], ['list', '--format', 'json']);
    results.push(...(await together(['delete', '--force', id], ['list'], ['state', stable], ['list', '--quiet'])));
    assert.equal(
      results.filter(({ exit }) => exit !== 0).map(({ stderr }) => stderr),
      [],
    );
  }
  runtime.remove(stable);
});

test('eight containers at once all run', async () => {
  const before = snapshot(runtime);
  const echo = runtime.bundle({ process: { args: ['echo', 'fine'] } });
  const commands = Array.from({ length: 8 }, () => ['run', '--bundle', echo.directory, runtime.id()]);
  for (const { exit, stdout, stderr } of await together(...commands))
    assert.equal([exit, stdout, stderr], [0, 'fine\n', '']);
  assert.equal(leftovers(before), []);
});

test.run();
