// config.md, "Process": user, working directory, arguments, environment, and what the process sees in /proc/self.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Config } from '../../src/bundle/config.ts';
import type { Change } from '../bundle.ts';
import { isRunts } from '../runtime.ts';
import { hasCapability } from './capability.ts';
import { parseStatus, readText } from './host.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('process');

type ProcessChanges = Change<NonNullable<Config['process']>>;

function statusInside(process: ProcessChanges): Map<string, string> {
  return parseStatus(runtime.inside('cat /proc/self/status', { process }));
}

function run(process: ProcessChanges): string {
  return runtime.ok(['run', '--bundle', runtime.bundle({ process }).directory, runtime.id()]);
}

function failsToCreate(process: ProcessChanges): string {
  return runtime.fails(['create', '--bundle', runtime.bundle({ process }).directory, runtime.id()]);
}

test('user.uid and user.gid are all four ids of the process', () => {
  const status = statusInside({ user: { uid: 1000, gid: 1001 } });
  assert.is(status.get('Uid'), '1000\t1000\t1000\t1000');
  assert.is(status.get('Gid'), '1001\t1001\t1001\t1001');
});

test('a uid that no passwd file knows works', () => {
  assert.match(statusInside({ user: { uid: 4_000_000_000, gid: 4_000_000_001 } }).get('Uid') ?? '', /^4000000000\t/);
});

test('additionalGids are the supplementary groups, and nothing else', () => {
  const status = statusInside({ user: { uid: 0, gid: 0, additionalGids: [5, 6, 70000] } });
  assert.is(status.get('Groups')?.trim(), '5 6 70000');
});

test('without additionalGids there are no groups of the caller', () => {
  assert.is(
    statusInside({ user: { uid: 1, gid: 1 } })
      .get('Groups')
      ?.trim(),
    '',
  );
});

test('user.umask is set', () => {
  assert.is(statusInside({ user: { uid: 0, gid: 0, umask: 0o27 } }).get('Umask'), '0027');
  assert.is(statusInside({ user: { uid: 0, gid: 0, umask: 0 } }).get('Umask'), '0000');
});

test('without user.umask it is that of the caller', () => {
  const wrapper = ['sh', '-c', 'umask 0137; exec "$@"', 'sh'];
  assert.match(runtime.inside('grep Umask /proc/self/status', {}, { wrapper }), isRunts ? /0137/ : /0022/);
});

test('cwd is the working directory', () => {
  assert.is(run({ cwd: '/etc', args: ['pwd'] }), '/etc\n');
});

test('a missing cwd is created', () => {
  assert.is(run({ cwd: '/not/there/yet', args: ['pwd'] }), '/not/there/yet\n');
});

test('a missing cwd is created for an unprivileged user too', () => {
  assert.is(run({ cwd: '/not/there', args: ['pwd'], user: { uid: 1000, gid: 1000 } }), '/not/there\n');
});

test('a cwd that is a file is an error that names it', () => {
  const bundle = runtime.bundle({ process: { cwd: '/etc/passwd' } });
  const id = runtime.id();
  assert.match(runtime.fails(['run', '--bundle', bundle.directory, id]), /\/etc\/passwd/);
});

test('a cwd that only the user may enter works', () => {
  const bundle = runtime.bundle({ process: { cwd: '/home', args: ['pwd'], user: { uid: 1000, gid: 1000 } } });
  mkdirSync(join(bundle.rootfs, 'home'), { mode: 0o700 });
  Bun.spawnSync(['chown', '1000:1000', join(bundle.rootfs, 'home')]);
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]), '/home\n');
});

test('a relative cwd is refused', () => {
  assert.match(failsToCreate({ cwd: 'etc' }), /cwd/i);
});

test('args arrive as they are', () => {
  const odd = ['', ' ', '*', '$HOME', '"', "'", 'ünï', 'a\nb', '\\'];
  assert.is(run({ args: ['printf', '[%s]', ...odd] }), odd.map((arg) => `[${arg}]`).join(''));
});

test('a program without a slash is found in the PATH of the config', () => {
  const bundle = runtime.bundle({ process: { args: ['mine'], env: ['PATH=/nowhere:/opt/tools'] } });
  mkdirSync(join(bundle.rootfs, 'opt/tools'), { recursive: true });
  writeFileSync(join(bundle.rootfs, 'opt/tools/mine'), '#!/bin/sh\necho found\n', { mode: 0o755 });
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]), 'found\n');
});

test('a program with a relative path is taken from cwd', () => {
  assert.is(run({ args: ['./busybox', 'echo', 'here'], cwd: '/bin' }), 'here\n');
});

test('a script with an interpreter works', () => {
  const bundle = runtime.bundle({ process: { args: ['/script', 'arg'] } });
  writeFileSync(join(bundle.rootfs, 'script'), '#!/bin/sh\necho "$0 $1"\n', { mode: 0o755 });
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]), '/script arg\n');
});

test('a long argument list works', () => {
  const args = Array.from({ length: 2000 }, (_, index) => `argument-${index}-${'x'.repeat(50)}`);
  const words = runtime.ok([
    'run',
    '--bundle',
    runtime.bundle({ process: { args: ['sh', '-c', 'echo $#', 'sh', ...args] } }).directory,
    runtime.id(),
  ]);
  assert.is(words, '2000\n');
});

test('env is exactly what the config says, in its order; HOME at most is added', () => {
  const env = ['PATH=/bin', 'B=2', 'A=1', 'EMPTY=', 'WITH=equals=sign', 'ÜNÏ=☃'];
  const found = run({ args: ['cat', '/proc/1/environ'], env })
    .split('\0')
    .filter(Boolean);
  assert.equal(
    found.filter((entry) => !entry.startsWith('HOME=')),
    env,
  );
});

test('nothing of the caller environment reaches the container', () => {
  const secret = { RUNTS_SECRET: 'secret', BUN_SECRET: 'secret', LD_PRELOAD: '', DEBUG: '' };
  const bundle = runtime.bundle({ process: { args: ['cat', '/proc/1/environ'], env: ['PATH=/bin'] } });
  const environ = runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], { env: secret }).split('\0');
  const names = environ.filter(Boolean).map((entry) => entry.split('=')[0]);
  assert.equal(
    names.filter((name) => name !== 'HOME'),
    ['PATH'],
  );
});

test('a container without env has none', () => {
  const environ = run({ args: ['/bin/cat', '/proc/1/environ'], env: [] })
    .split('\0')
    .filter(Boolean);
  assert.equal(
    environ.filter((entry) => !entry.startsWith('HOME=')),
    [],
  );
});

for (const noNewPrivileges of [true, false]) {
  test(`noNewPrivileges ${noNewPrivileges} is the flag of the process`, () => {
    assert.is(statusInside({ noNewPrivileges }).get('NoNewPrivs'), noNewPrivileges ? '1' : '0');
  });
}

for (const oomScoreAdj of [0, 500, 1000]) {
  test(`oomScoreAdj ${oomScoreAdj} is set`, () => {
    assert.is(run({ oomScoreAdj, args: ['cat', '/proc/self/oom_score_adj'] }), `${oomScoreAdj}\n`);
  });
}

const lacksResource = hasCapability('CAP_SYS_RESOURCE') ? undefined : 'the tests run without CAP_SYS_RESOURCE';
testUnless(lacksResource, test, 'a negative oomScoreAdj is set', () => {
  assert.is(run({ oomScoreAdj: -500, args: ['cat', '/proc/self/oom_score_adj'] }), '-500\n');
});

test('without oomScoreAdj the value of the caller stays', () => {
  const own = readText('/proc/self/oom_score_adj');
  assert.is(run({ args: ['cat', '/proc/self/oom_score_adj'] }), own);
});

test('an oomScoreAdj out of range is refused', () => {
  assert.match(failsToCreate({ oomScoreAdj: 1001 }), /oom/i);
});

test('the process leads a session of its own and has no controlling terminal', () => {
  const stat = runtime.inside('cat /proc/1/stat').split(') ')[1]?.split(' ') ?? [];
  const [, parent, group, session, terminal] = stat;
  assert.equal([parent, group, session, terminal], ['0', '1', '1', '0']);
});

test('empty or missing args are an error', () => {
  assert.match(failsToCreate({ args: [] }), /args/);
  assert.match(failsToCreate({ args: undefined }), /args/);
});

test('a container without process can be created, and start is the error', () => {
  const bundle = runtime.bundle({ process: undefined });
  const id = runtime.id();
  runtime.ok(['create', '--bundle', bundle.directory, id]);
  assert.match(runtime.fails(['start', id]), /process/);
  runtime.remove(id);
});

test('files that the process makes belong to its user', () => {
  const bundle = runtime.bundle({
    process: { args: ['touch', '/tmp/x'], user: { uid: 1000, gid: 1001, umask: 0o77 } },
  });
  runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]);
  const { uid, gid, mode } = statSync(join(bundle.rootfs, 'tmp/x'));
  assert.equal([uid, gid, mode & 0o777], [1000, 1001, 0o600]);
});

test.run();
