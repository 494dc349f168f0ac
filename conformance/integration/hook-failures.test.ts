// runtime.md, "Lifecycle": what a failing hook does, for each kind.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Hook, HookKind, Hooks } from '../../src/bundle/config.ts';
import { type Bundle, withMounts } from '../bundle.ts';
import { isRunts } from '../runtime.ts';
import { HookScripts } from './hook-scripts.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('hook-failures');

function bundleWith(scripts: HookScripts, hooks: Hooks): Bundle {
  const args = ['sh', '-c', `echo program >> ${scripts.folder}/order; exec sleep 60`];
  return runtime.bundle({ process: { args }, mounts: withMounts(scripts.mount), hooks });
}

const AT_CREATE = ['prestart', 'createRuntime', 'createContainer'] as const;

for (const kind of AT_CREATE) {
  test(`a failing ${kind} hook makes create fail, skips later hooks and leaves nothing behind`, () => {
    const before = snapshot(runtime);
    const scripts = new HookScripts(runtime);
    const failing = scripts.hook('failing', 'exit 7');
    const bundle = bundleWith(scripts, {
      [kind]: [failing, scripts.hook('later')],
      poststop: [scripts.hook('poststop')],
    });
    const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
    assert.match(line, isRunts ? failing.path : /hook/);
    assert.match(line, '7');
    assert.match(line, kind);
    assert.equal(scripts.order(), ['failing', 'poststop']);
    assert.equal(leftovers(before), []);
  });
}

for (const kind of ['startContainer', 'poststart'] as const) {
  test(`a failing ${kind} hook makes start fail and ends the container`, () => {
    const before = snapshot(runtime);
    const scripts = new HookScripts(runtime);
    const bundle = bundleWith(scripts, {
      [kind]: [scripts.hook('failing', 'exit 7')],
      poststop: [scripts.hook('poststop')],
    });
    const id = runtime.create(bundle);
    const { pid } = runtime.state(id);
    const line = runtime.fails(['start', id]);
    assert.match(line, kind);
    assert.match(line, '7');
    assert.not(existsSync(`/proc/${pid}/exe`));
    if (kind === 'startContainer') assert.not(scripts.order().includes('program'));
    // Step 12 and 13: the container is destroyed, and its poststop hooks run.
    assert.is(runtime.command(['state', id]).exit === 0, false, 'the container is destroyed');
    assert.is(scripts.order().at(-1), 'poststop');
    assert.equal(leftovers(before), []);
  });

  test(`a failing ${kind} hook makes a foreground run fail and leaves nothing behind`, () => {
    const before = snapshot(runtime);
    const scripts = new HookScripts(runtime);
    const bundle = bundleWith(scripts, { [kind]: [scripts.hook('failing', 'exit 7')] });
    assert.match(runtime.fails(['run', '--bundle', bundle.directory, runtime.id()]), kind);
    assert.equal(leftovers(before), []);
  });
}

test('a failing poststop hook is a warning: delete succeeds and the other hooks run', () => {
  const before = snapshot(runtime);
  const scripts = new HookScripts(runtime);
  const bundle = bundleWith(scripts, { poststop: [scripts.hook('failing', 'exit 7'), scripts.hook('later')] });
  const id = runtime.create(bundle);
  const { exit, stderr } = runtime.command(['delete', '--force', id]);
  assert.is(exit, 0);
  assert.match(stderr, /poststop|hook/);
  assert.equal(scripts.order(), ['failing', 'later']);
  assert.equal(leftovers(before), []);
});

const BROKEN: [what: string, hook: Hook, shown: RegExp][] = [
  ['is missing', { path: '/no/such/hook' }, /\/no\/such\/hook.*(ENOENT|no such file)/],
  ['is not executable', { path: '/etc/passwd' }, /\/etc\/passwd.*(EACCES|permission denied)/],
  ['is a folder', { path: '/etc' }, /\/etc.*(EACCES|permission denied|directory)/],
  ['has a relative path', { path: 'bin/true' }, /bin\/true|absolute/],
  ['has a timeout of 0', { path: '/bin/true', timeout: 0 }, /timeout/],
  ['has a negative timeout', { path: '/bin/true', timeout: -1 }, /timeout/],
  ['is killed by a signal', { path: '/bin/sh', args: ['sh', '-c', 'kill -9 $$'] }, /SIGKILL|signal|killed/],
];
for (const [what, hook, shown] of BROKEN) {
  test(`a createRuntime hook that ${what} is an error that says so`, () => {
    const before = snapshot(runtime);
    const scripts = new HookScripts(runtime);
    const bundle = bundleWith(scripts, { createRuntime: [hook] });
    assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), shown);
    assert.equal(leftovers(before), []);
  });
}

for (const kind of [...AT_CREATE, 'startContainer', 'poststart'] as HookKind[]) {
  test(`a ${kind} hook is ended at its timeout, and that is an error`, () => {
    const scripts = new HookScripts(runtime);
    const slow = scripts.hook('slow', 'exec sleep 100', { timeout: 1 });
    const bundle = bundleWith(scripts, { [kind]: [slow] });
    const line = runtime.fails(['run', '--bundle', bundle.directory, runtime.id()]);
    assert.match(line, /time|killed/i);
    assert.match(line, isRunts ? slow.path : /hook/);
  });
}

test('a hook whose child goes on and holds its output does not hold the runtime up after the timeout', () => {
  const scripts = new HookScripts(runtime);
  const bundle = bundleWith(scripts, { createRuntime: [scripts.hook('slow', 'sleep 100', { timeout: 1 })] });
  assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), /time|killed/i);
});

test('a failing run does not wait for what a hook has left running', () => {
  const hook: Hook = {
    path: '/bin/sh',
    args: ['sh', '-c', 'sleep 30 & echo $! > "$0"; exit 1', join(runtime.folder, 'left')],
  };
  const bundle = runtime.bundle({ hooks: { createRuntime: [hook] } });
  const begun = Date.now();
  assert.match(runtime.fails(['run', '--bundle', bundle.directory, runtime.id()]), /exit status 1/);
  assert.ok(Date.now() - begun < 20_000);
  process.kill(Number(readFileSync(join(runtime.folder, 'left'), 'utf8')));
});

test('a poststop hook is ended at its timeout, and delete succeeds', () => {
  const scripts = new HookScripts(runtime);
  const bundle = bundleWith(scripts, { poststop: [scripts.hook('slow', 'exec sleep 100', { timeout: 1 })] });
  const id = runtime.create(bundle);
  runtime.ok(['delete', '--force', id]);
  assert.not(existsSync(join(runtime.root, id)));
});

test('what a failing hook writes to standard error is in the message', () => {
  const scripts = new HookScripts(runtime);
  const bundle = bundleWith(scripts, { createRuntime: [scripts.hook('failing', 'echo the reason >&2; exit 1')] });
  assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), /the reason/);
});

// strace holds up the process that has made the hook's: the latter has failed before its pid is known.
const lacksStrace = Bun.which('strace') === null ? 'strace is not installed' : undefined;
testUnless(
  lacksStrace,
  test,
  'a startContainer hook that fails at once is waited for, or the container would not end',
  () => {
    const bundle = runtime.bundle({ hooks: { startContainer: [{ path: '/nowhere' }] } });
    const inject = ['-e', 'trace=clone3', '-e', 'inject=clone3:delay_exit=200000'];
    const wrapper = ['strace', '-f', '-qq', '-o', '/dev/null', ...inject];
    const id = runtime.create(bundle);
    const line = runtime.fails(['start', id], { wrapper });
    if (isRunts) assert.match(line, /hook \/hooks\/startContainer\/0 \(\/nowhere\): execve \/nowhere ENOENT$/);
  },
);

test.run();
