// The life of a container: create, start, state, kill, delete, and the files that go with them.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { makeBundle } from '../bundle.ts';
import { parseStatus, readText } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('lifecycle');

test('a container goes from created to running to stopped and is then deleted without a trace', () => {
  const before = snapshot(runtime);
  const id = runtime.create(runtime.bundle({ process: { args: ['sleep', '60'] } }));
  assert.is(runtime.state(id).status, 'created');
  runtime.ok(['start', id]);
  assert.is(runtime.state(id).status, 'running');
  runtime.ok(['kill', id, 'KILL']);
  runtime.waitFor(id, 'stopped');
  runtime.ok(['delete', id]);
  assert.match(runtime.fails(['state', id]), /not exist|no such|no container/);
  assert.equal(leftovers(before), []);
});

test('the user program does not run before start', () => {
  const bundle = runtime.bundle({ process: { args: ['sh', '-c', 'echo ran > /ran'] } });
  const id = runtime.create(bundle);
  const proof = join(bundle.rootfs, 'ran');
  Bun.sleepSync(100);
  assert.not(existsSync(proof));
  runtime.ok(['start', id]);
  runtime.waitFor(id, 'stopped');
  assert.is(readFileSync(proof, 'utf8'), 'ran\n');
  runtime.ok(['delete', id]);
});

test('changes to config.json after create have no effect', () => {
  const bundle = runtime.bundle({ process: { args: ['sh', '-c', 'echo first > /ran'] } });
  const id = runtime.create(bundle);
  const path = join(bundle.directory, 'config.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('echo first', 'echo second'));
  runtime.ok(['start', id]);
  runtime.waitFor(id, 'stopped');
  assert.is(readFileSync(join(bundle.rootfs, 'ran'), 'utf8'), 'first\n');
  runtime.ok(['delete', id]);
});

test('the bundle is the working directory when --bundle is not given', () => {
  const bundle = runtime.bundle({ process: { args: ['echo', 'here'] } });
  assert.is(runtime.ok(['run', runtime.id()], { cwd: bundle.directory }), 'here\n');
});

test('a relative bundle path is taken from the working directory, and state shows it absolute', () => {
  const bundle = makeBundle(join(runtime.folder, 'relative'));
  const id = runtime.id();
  runtime.ok(['create', '--bundle', 'relative', id], { cwd: runtime.folder });
  assert.is(runtime.state(id).bundle, bundle.directory);
  runtime.remove(id);
});

test('--pid-file holds the pid of the container process, without a line feed', () => {
  const file = join(runtime.folder, 'container.pid');
  const id = runtime.create(runtime.bundle({ process: { args: ['sleep', '60'] } }), ['--pid-file', file]);
  assert.is(readFileSync(file, 'utf8'), String(runtime.state(id).pid));
  runtime.remove(id);
});

test('the container process stays the same from create to start, and init is PID 1 inside', () => {
  const id = runtime.create(runtime.bundle({ process: { args: ['sleep', '60'] } }));
  const { pid } = runtime.state(id);
  runtime.ok(['start', id]);
  assert.is(runtime.state(id).pid, pid);
  const status = parseStatus(readText(`/proc/${pid}/status`));
  assert.match(status.get('NSpid') ?? '', /\t1$/);
  runtime.remove(id);
});

test('create leaves no process between the caller and the container process', () => {
  const id = runtime.create(runtime.bundle({ process: { args: ['sleep', '60'] } }));
  const status = parseStatus(readText(`/proc/${runtime.state(id).pid}/status`));
  const parent = readText(`/proc/${status.get('PPid')}/cmdline`);
  assert.not.match(parent, runtime.tag);
  runtime.remove(id);
});

test('start returns while the program runs, and the program keeps its output', () => {
  const bundle = runtime.bundle({ process: { args: ['sh', '-c', 'echo a > /out; sleep 60'] } });
  const id = runtime.create(bundle);
  runtime.ok(['start', id]);
  runtime.waitFor(id, 'running');
  runtime.remove(id);
  assert.is(readText(join(bundle.rootfs, 'out')), 'a\n');
});

const unfit: [what: string, program: string, line: RegExp][] = [
  ['does not exist', '/no/such/program', /\/no\/such\/program.*(ENOENT|no such file)/],
  ['is nowhere in the search path', 'nosuch', /"nosuch": executable file not found in \$PATH/],
  ['may not be executed', '/etc/passwd', /\/etc\/passwd.*(EACCES|permission denied)/],
];
for (const [what, program, line] of unfit) {
  test(`create reports a program that ${what}, and leaves nothing`, () => {
    const id = runtime.id();
    const bundle = runtime.bundle({ process: { args: [program] } });
    assert.match(runtime.fails(['create', '--bundle', bundle.directory, id]), line);
    assert.match(runtime.fails(['state', id]), /does not exist/);
  });
}

test('a program that is created later in the search path may be denied first', () => {
  const bundle = runtime.bundle({ process: { args: ['passwd'], env: ['PATH=/etc:/bin'] } });
  const id = runtime.create(bundle);
  writeFileSync(join(bundle.rootfs, 'bin/passwd'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  runtime.ok(['start', id]);
  runtime.remove(id);
});

test('start reports a program that is gone since', () => {
  const bundle = runtime.bundle({ process: { args: ['/bin/short'] } });
  writeFileSync(join(bundle.rootfs, 'bin/short'), '#!/bin/sh\n', { mode: 0o755 });
  const id = runtime.create(bundle);
  rmSync(join(bundle.rootfs, 'bin/short'));
  assert.match(runtime.fails(['start', id]), /\/bin\/short.*(ENOENT|no such file)/);
  runtime.remove(id);
});

test('an id can be used again after delete', () => {
  const bundle = runtime.bundle({ process: { args: ['true'] } });
  const id = runtime.create(bundle);
  runtime.remove(id);
  runtime.ok(['create', '--bundle', bundle.directory, id]);
  runtime.remove(id);
});

test('several containers of one bundle live side by side', () => {
  const bundle = runtime.bundle({ process: { args: ['sleep', '60'] } });
  const ids = [runtime.create(bundle), runtime.create(bundle)];
  for (const id of ids) runtime.ok(['start', id]);
  for (const id of ids) assert.is(runtime.state(id).status, 'running');
  for (const id of ids) runtime.remove(id);
});

test('two roots do not see each other', () => {
  const id = runtime.create(runtime.bundle());
  const elsewhere = join(runtime.folder, 'other-root');
  assert.is(runtime.command(['state', id], { globals: ['--root', elsewhere] }).exit === 0, false);
  runtime.remove(id);
});

test('the state root is empty after the last delete', () => {
  assert.equal(existsSync(runtime.root) ? readdirSync(runtime.root) : [], []);
});

test.run();
