// runtime.md, "Operations": each command in each status. What the status forbids changes nothing, and says why.
import { existsSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { integration } from './suite.ts';

const { test, runtime } = integration('transitions');

const STATUSES = ['missing', 'created', 'running', 'stopped'] as const;
type Status = (typeof STATUSES)[number];

/** A container in the wanted status. */
function containerThatIs(status: Status): string {
  if (status === 'missing') return runtime.id();
  const id = runtime.create(runtime.bundle({ process: { args: ['sleep', '60'] } }));
  if (status !== 'created') runtime.ok(['start', id]);
  if (status === 'stopped') {
    runtime.ok(['kill', id, 'KILL']);
    runtime.waitFor(id, 'stopped');
  }
  return id;
}

function statusOf(id: string): Status | string {
  const { exit, stdout } = runtime.command(['state', id]);
  return exit === 0 ? JSON.parse(stdout).status : 'missing';
}

const bundle = runtime.bundle({ process: { args: ['sleep', '60'] } });
// The status after the command, or an error that matches.
const TABLE: { command: string[]; outcomes: Record<Status, Status | RegExp> }[] = [
  {
    command: ['state'],
    outcomes: { missing: /exist|no such|no container/, created: 'created', running: 'running', stopped: 'stopped' },
  },
  {
    command: ['create', '--bundle', bundle.directory],
    outcomes: { missing: 'created', created: /exist/, running: /exist/, stopped: /exist/ },
  },
  {
    command: ['run', '--detach', '--bundle', bundle.directory],
    outcomes: { missing: 'running', created: /exist/, running: /exist/, stopped: /exist/ },
  },
  {
    command: ['start'],
    outcomes: { missing: /exist|no such|no container/, created: 'running', running: /running/, stopped: /stopped/ },
  },
  {
    command: ['kill', 'KILL'],
    outcomes: { missing: /exist|no such|no container/, created: 'stopped', running: 'stopped', stopped: /stopped/ },
  },
  {
    command: ['delete'],
    outcomes: { missing: /exist|no such|no container/, created: /created/, running: /running/, stopped: 'missing' },
  },
  {
    command: ['delete', '--force'],
    outcomes: { missing: 'missing', created: 'missing', running: 'missing', stopped: 'missing' },
  },
];

for (const { command, outcomes } of TABLE) {
  for (const status of STATUSES) {
    const outcome = outcomes[status];
    const effect = typeof outcome === 'string' ? `gives ${outcome}` : 'fails, names the reason and changes nothing';
    test(`${command[0]}${command.includes('--force') ? ' --force' : ''} of a ${status} container ${effect}`, () => {
      const id = containerThatIs(status);
      const args = command[0] === 'kill' ? ['kill', id, 'KILL'] : [...command, id];
      if (typeof outcome === 'string') {
        runtime.ok(args);
        if (outcome === 'stopped') runtime.waitFor(id, 'stopped');
        assert.is(statusOf(id), outcome);
      } else {
        const before = status === 'missing' ? undefined : runtime.state(id);
        // The id itself holds none of the words.
        assert.match(runtime.fails(args).replaceAll(id, 'ID'), outcome);
        assert.is(statusOf(id), status);
        if (before !== undefined) assert.is(runtime.state(id).pid, before.pid);
      }
      runtime.command(['delete', '--force', id]);
      assert.is(statusOf(id), 'missing');
    });
  }
}

test('a created container that is killed is stopped and cannot be started', () => {
  const id = runtime.create(bundle);
  runtime.ok(['kill', id, 'KILL']);
  runtime.waitFor(id, 'stopped');
  assert.match(runtime.fails(['start', id]).replaceAll(id, 'ID'), /stopped/);
  runtime.ok(['delete', id]);
});

test('a container whose process ended by itself is stopped', () => {
  const id = runtime.create(runtime.bundle());
  runtime.ok(['start', id]);
  assert.is(runtime.waitFor(id, 'stopped').status, 'stopped');
  runtime.ok(['delete', id]);
});

test('a container whose waiting process was killed from outside is stopped', () => {
  const id = runtime.create(bundle);
  process.kill(runtime.state(id).pid, 'SIGKILL');
  runtime.waitFor(id, 'stopped');
  assert.match(runtime.fails(['start', id]).replaceAll(id, 'ID'), /stopped/);
  runtime.ok(['delete', id]);
});

test('delete --force of a running container ends its process', () => {
  const id = runtime.running();
  const { pid } = runtime.state(id);
  runtime.ok(['delete', '--force', id]);
  assert.not(existsSync(`/proc/${pid}/exe`));
});

for (const command of ['state', 'start', 'kill', 'delete', 'create', 'run']) {
  test(`${command} without an id is an error`, () => {
    assert.is.not(runtime.command([command]).exit, 0);
  });
}

test('an unknown command is an error', () => {
  assert.is.not(runtime.command(['no-such-command', 'x']).exit, 0);
});

test('an unknown option is an error that names it', () => {
  const { exit, stdout, stderr } = runtime.command(['create', '--no-such-option', 'x']);
  assert.is.not(exit, 0);
  assert.match(stdout + stderr, /no-such-option/);
});

test.run();
