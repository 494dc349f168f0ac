// runtime.md, "State": in every status the state is valid against the specification's schema.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Changes } from '../bundle.ts';
import { reference } from '../reference-schema/reference.ts';
import { isRunts, type State, waitUntil } from '../runtime.ts';
import { HookScripts } from './hook-scripts.ts';
import { readText } from './host.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('state-schema');
const problemsOf = reference('state-schema');

function check(state: State, status: string, bundle: string): void {
  assert.is(problemsOf(state), '', JSON.stringify(state));
  assert.equal([state.status, state.bundle], [status, bundle]);
}

const CONFIGS: [name: string, changes: Changes][] = [
  ['with annotations', { annotations: { 'org.example.key': 'value', empty: '' } }],
  ['without annotations', {}],
];
for (const [name, changes] of CONFIGS) {
  test(`created, running and stopped ${name}`, () => {
    const bundle = runtime.bundle({ ...changes, process: { args: ['sleep', '60'] } });
    const id = runtime.create(bundle);
    const created = runtime.state(id);
    check(created, 'created', bundle.directory);
    runtime.ok(['start', id]);
    const running = runtime.state(id);
    check(running, 'running', bundle.directory);
    assert.is(running.pid, created.pid);
    runtime.ok(['kill', id, 'KILL']);
    check(runtime.waitFor(id, 'stopped'), 'stopped', bundle.directory);
    runtime.ok(['delete', id]);
  });
}

test('paused, a status of the runtime’s own, with the other properties as they should be', () => {
  const bundle = runtime.bundle({ process: { args: ['sleep', '60'] } });
  const id = runtime.create(bundle);
  runtime.ok(['start', id]);
  runtime.ok(['pause', id]);
  const state = runtime.state(id);
  runtime.ok(['resume', id]);
  assert.is(state.status, 'paused');
  // runtime.md: "Additional values MAY be defined by the runtime"; the schema knows the four of the text only.
  check({ ...state, status: 'running' }, 'running', bundle.directory);
  runtime.remove(id);
});

test('created without a process', () => {
  const bundle = runtime.bundle({ process: undefined });
  const id = runtime.id();
  runtime.command(['create', '--bundle', bundle.directory, id]);
  if (isRunts) check(runtime.state(id), 'created', bundle.directory);
  runtime.remove(id);
});

testUnless(isRunts ? undefined : 'runc has no such status', test, 'creating, while a hook runs', async () => {
  const scripts = new HookScripts(runtime);
  const wait = scripts.hook('wait', 'while [ ! -e go ]; do sleep 0.02; done');
  const bundle = runtime.bundle({ hooks: { createRuntime: [wait] } });
  const id = runtime.id();
  const create = runtime.begin(['create', '--bundle', bundle.directory, id]);
  waitUntil(() => readText(join(scripts.folder, 'order')) !== '');
  const state = runtime.state(id);
  check(state, 'creating', bundle.directory);
  assert.ok(state.pid > 0);
  writeFileSync(join(scripts.folder, 'go'), '');
  assert.is((await create.ended).exit, 0);
  check(runtime.state(id), 'created', bundle.directory);
  runtime.remove(id);
});

test('the states that hooks get', () => {
  const scripts = new HookScripts(runtime);
  const kinds = ['prestart', 'createRuntime', 'createContainer', 'poststart', 'poststop'] as const;
  const hooks = Object.fromEntries(kinds.map((kind) => [kind, [scripts.hook(kind)]]));
  const bundle = runtime.bundle({ hooks, annotations: { a: 'b' } });
  runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]);
  for (const kind of kinds) assert.is(problemsOf(scripts.ran(kind).state), '', kind);
});

test('each state in list --format json', () => {
  const id = runtime.running();
  const states: State[] = JSON.parse(runtime.ok(['list', '--format', 'json']));
  const mine = states.find((state) => state.id === id);
  assert.is(problemsOf(mine), '');
  runtime.remove(id);
});

test.run();
