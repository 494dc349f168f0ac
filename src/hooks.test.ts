// Real hooks, run by /bin/sh on this machine. Those in a container's namespaces: conformance/integration/hooks.test.ts.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hook } from './bundle/config.ts';
import { HookError } from './errors.ts';
import { hookLabel, runHooks, runPoststopHooks } from './hooks.ts';
import type { CallerSettings } from './init/hook.ts';
import { configureLog } from './log.ts';
import { stateDocument } from './state/document.ts';
import { sampleRecord } from './state/fixtures/record.ts';

const test = suite('hooks');

const folder = mkdtempSync('/tmp/runts-hooks-');
const output = `${folder}/output`;
test.after(() => rmSync(folder, { recursive: true }));
test.before.each(() => rmSync(output, { force: true }));

const SETTINGS: CallerSettings = { ignoredSignals: [13, 25], openFiles: { soft: 77n, hard: 777n }, umask: 0o27 };
const STATE = stateDocument(sampleRecord(), 'creating');

const shell = (command: string, parts: Partial<Hook> = {}): Hook => ({
  ...{ path: '/bin/sh', args: ['sh', '-c', command] },
  ...parts,
});

const run = (...hooks: Hook[]): void => runHooks('prestart', hooks, STATE, SETTINGS);

const written = (): string => (existsSync(output) ? readFileSync(output, 'utf8').trim() : '');

// The line that a hook's failure is told by.
function failureOf(...hooks: Hook[]): string {
  try {
    run(...hooks);
  } catch (error) {
    if (error instanceof HookError) return error.oneLine;
    throw error;
  }
  return 'no failure';
}

test('hooks run in their order', () => {
  run(shell(`printf 1 >>${output}`), shell(`sleep 0.05; printf 2 >>${output}`), shell(`printf 3 >>${output}`));
  assert.is(written(), '123');
});

test('each gets the whole state on its standard input', () => {
  run(shell(`cat >>${output}; echo >>${output}`), shell(`cat >>${output}`));
  assert.equal(
    written()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [STATE, STATE],
  );
});

test('the arguments are as given, the path stands in for them if there are none', () => {
  const script = `${folder}/script`;
  writeFileSync(script, `#!/bin/sh\necho "$0|$#|$1" >>${output}\n`, { mode: 0o755 });
  run({ path: script }, { path: script, args: [] }, { path: script, args: ['other', 'a b'] });
  assert.equal(written().split('\n'), [`${script}|0|`, `${script}|0|`, `${script}|1|a b`]);
});

test("the environment is the hook's own", () => {
  run(shell(`echo "$A|\${HOME-unset}" >>${output}`, { env: ['A=1 2'] }), shell(`echo "\${A-unset}" >>${output}`));
  assert.equal(written().split('\n'), ['1 2|unset', 'unset']);
});

test("mask, limits and signals are the caller's", () => {
  run(shell(`{ umask; ulimit -Sn; ulimit -Hn; grep -E 'Sig(Ign|Blk)' /proc/self/status; } >>${output}`));
  const [umask, soft, hard, ...signals] = written().split('\n');
  assert.equal([umask, soft, hard], ['0027', '77', '777']);
  assert.equal(
    signals.map((line) => line.replace(/\s+/, ' ')),
    ['SigBlk: 0000000000000000', 'SigIgn: 0000000000000000'],
  );
});

test('it has no descriptors but the three standard ones', () => {
  // The fourth is the folder that ls has opened.
  run(shell(`exec ls /proc/self/fd >>${output}`));
  assert.equal(written().split('\n'), ['0', '1', '2', '3']);
});

const failures: [name: string, hook: Hook, line: string][] = [
  ['its exit status', shell('exit 3'), '(/bin/sh): exit status 3'],
  ['what it said on standard error', shell('echo oh no >&2; exit 1'), '(/bin/sh): exit status 1: oh no'],
  ['what it said on standard output', shell('echo oh; echo no >&2; exit 1'), '(/bin/sh): exit status 1: oh; no'],
  ['the signal that killed it', shell('kill -TERM $$'), '(/bin/sh): killed by signal 15'],
  ['a program that is missing', { path: '/nowhere/hook' }, '(/nowhere/hook): execve /nowhere/hook ENOENT'],
  ['a program that is none', { path: '/etc/passwd' }, '(/etc/passwd): execve /etc/passwd EACCES'],
];
for (const [name, hook, line] of failures) {
  test(`a failure tells ${name}`, () => assert.is(failureOf(hook), `hook /hooks/prestart/0 ${line}`));
}

test('of much output the end is told', () => {
  const line = failureOf(shell('seq 1 100000; echo the end; exit 1'));
  assert.match(line, /: exit status 1: ….*99999; 100000; the end$/);
  assert.ok(line.length < 1500, `${line.length}`);
});

test('after a failure no other hook runs, and the error names the one that failed', () => {
  const line = failureOf(shell('true'), shell('exit 1'), shell(`echo 3 >>${output}`));
  assert.is(line, 'hook /hooks/prestart/1 (/bin/sh): exit status 1');
  assert.is(written(), '');
});

test('a hook that takes longer than its timeout is killed', () => {
  const start = performance.now();
  const line = failureOf(shell(`echo $$ >>${output}; exec sleep 20`, { timeout: 1 }));
  assert.is(line, 'hook /hooks/prestart/0 (/bin/sh): took longer than its timeout of 1 s, killed');
  const took = performance.now() - start;
  assert.ok(took >= 950 && took < 10_000, `${took} ms`);
  assert.not.ok(existsSync(`/proc/${written()}`));
});

test('a hook that is done before its timeout is fine', () => run(shell('sleep 0.1', { timeout: 5 })));

test('the poststop hooks see a stopped container, and a failure is a warning: the rest still run', () => {
  const log = `${folder}/log`;
  configureLog({ file: log, format: 'json', isDebug: false });
  const hooks = { poststop: [shell('exit 4'), shell(`cat >>${output}`)] };
  runPoststopHooks(sampleRecord({ hooks }), SETTINGS);
  configureLog({ file: undefined, format: 'text', isDebug: false });
  const { status, pid } = JSON.parse(written());
  assert.equal([status, pid], ['stopped', 0]);
  const { level, msg } = JSON.parse(readFileSync(log, 'utf8'));
  assert.equal([level, msg], ['warning', 'hook /hooks/poststop/0 (/bin/sh): exit status 4']);
});

test('a hook is called by its place in the config', () => {
  assert.is(hookLabel('createRuntime', 2), 'hook /hooks/createRuntime/2');
});

test.run();
