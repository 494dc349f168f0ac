// `state` and `list`: the specification's state JSON, and runc's additions.
import * as assert from 'uvu/assert';
import { isRunts } from '../runtime.ts';
import { readText } from './host.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('state');
const annotations = { 'org.example.key': 'value', empty: '', unicode: 'ünï ☃' };
const bundle = runtime.bundle({ annotations, process: { args: ['sleep', '60'] } });

test('state shows the properties that the specification asks for', () => {
  const id = runtime.create(bundle);
  const state = runtime.state(id);
  assert.match(state.ociVersion, /^1\.\d+\.\d+/);
  assert.is(state.id, id);
  assert.is(state.status, 'created');
  assert.is(state.bundle, bundle.directory);
  assert.ok(Number.isInteger(state.pid) && state.pid > 1);
  runtime.remove(id);
});

test('the pid of state is the container process on the host', () => {
  const id = runtime.running({ process: { args: ['sleep', '61'] } });
  assert.is(readText(`/proc/${runtime.state(id).pid}/cmdline`), 'sleep\x0061\x00');
  runtime.remove(id);
});

test('state shows the annotations', () => {
  const id = runtime.create(bundle);
  assert.equal(runtime.state(id).annotations, annotations);
  runtime.remove(id);
});

test('no annotations are absent or an empty map', () => {
  const id = runtime.create(runtime.bundle());
  assert.equal(runtime.state(id).annotations ?? {}, {});
  runtime.remove(id);
});

test('state has the additional properties of runc: rootfs, created, owner', () => {
  const id = runtime.create(bundle);
  const { rootfs, created, owner } = runtime.state(id);
  assert.is(rootfs, bundle.rootfs);
  assert.match(created ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  assert.ok(Math.abs(Date.parse(created ?? '') - Date.now()) < 60_000);
  assert.type(owner, 'string');
  runtime.remove(id);
});

test('created stays the same for the whole life', () => {
  const id = runtime.create(bundle);
  const { created } = runtime.state(id);
  runtime.ok(['start', id]);
  assert.is(runtime.state(id).created, created);
  runtime.remove(id);
});

test('a stopped container has pid 0 or none', () => {
  const id = runtime.create(runtime.bundle());
  runtime.ok(['start', id]);
  runtime.waitFor(id, 'stopped');
  assert.is(runtime.state(id).pid ?? 0, 0);
  runtime.ok(['delete', id]);
});

test('list --format json shows each container once with its state', () => {
  const ids = [runtime.create(bundle), runtime.running()];
  const list: { id: string; status: string; pid: number; bundle: string; created: string; owner: string }[] =
    JSON.parse(runtime.ok(['list', '--format', 'json']));
  const mine = list.filter(({ id }) => ids.includes(id));
  assert.equal(
    mine.map(({ id, status, pid }) => ({ id, status, pid })),
    [
      { id: ids[0], status: 'created', pid: runtime.state(ids[0] ?? '').pid },
      { id: ids[1], status: 'running', pid: runtime.state(ids[1] ?? '').pid },
    ],
  );
  for (const { owner, created } of mine) assert.ok(owner !== undefined && created !== undefined);
  for (const id of ids) runtime.remove(id);
});

test('list --quiet shows the ids only, one on each line', () => {
  const ids = [runtime.create(bundle), runtime.create(bundle)];
  assert.is(runtime.ok(['list', '--quiet']), ids.map((id) => `${id}\n`).join(''));
  for (const id of ids) runtime.remove(id);
});

test('list shows a table with the head ID PID STATUS BUNDLE CREATED OWNER', () => {
  const id = runtime.create(bundle);
  const [head = '', line = ''] = runtime.ok(['list']).split('\n');
  assert.equal(head.trim().split(/ +/), ['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER']);
  const [first, pid, status, directory] = line.split(/ +/);
  assert.equal([first, status, directory], [id, 'created', bundle.directory]);
  assert.is(Number(pid), runtime.state(id).pid);
  runtime.remove(id);
});

test('list of an empty or missing root shows nothing and succeeds', () => {
  const globals = ['--root', `${runtime.folder}/nothing-here`];
  assert.is(runtime.ok(['list', '--quiet'], { globals }), '');
  assert.is(runtime.ok(['list', '--format', 'json'], { globals }).trim().replace('null', '[]'), '[]');
});

test('list refuses an unknown format and names it', () => {
  const { exit, stdout, stderr } = runtime.command(['list', '--format', 'yaml']);
  assert.is.not(exit, 0);
  assert.match(stdout + stderr, isRunts ? /yaml/ : /format/);
});

test('--version prints the layout of runc', () => {
  const lines = runtime.ok(['--version']).trim().split('\n');
  assert.match(lines[0] ?? '', /^run(c|ts) version \S+/);
  // A build outside of a checkout has no commit.
  for (const name of ['spec']) assert.ok(lines.some((line) => line.startsWith(`${name}: `)));
});

test('--help names every command', () => {
  const help = runtime.ok(['--help']);
  for (const command of ['create', 'start', 'state', 'kill', 'delete', 'run', 'list', 'spec']) {
    assert.match(help, new RegExp(`\\b${command}\\b`));
  }
});

test.run();
