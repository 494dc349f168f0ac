// Limits are proven by running into them, and a tight one leaves room for a small program.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { architecture } from '../../bindings/syscall.ts';
import { assemble } from '../../src/final/assemble.ts';
import { Program } from '../../src/final/program.ts';
import { contentOf, placeOf, versionOf, withoutController } from './cgroup-files.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('limits');

const MB = 1024 * 1024;
// A string that doubles until there is no more memory.
const HOG = ['awk', 'BEGIN { s = "0123456789abcdef"; while (1) s = s s }'];

testUnless(withoutController('memory'), test, 'a process that needs more memory than the limit is killed', () => {
  const resources = { memory: { limit: 16 * MB, swap: 16 * MB } };
  const bundle = runtime.bundle({ process: { args: HOG }, linux: { resources } });
  const { exit } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(exit, 137);
});

testUnless(withoutController('pids'), test, 'a container cannot have more processes than the limit', () => {
  const script = 'sleep 60 & sleep 60 & sleep 60 & sleep 60 & echo all';
  const bundle = runtime.bundle({
    process: { args: ['sh', '-c', script] },
    linux: { resources: { pids: { limit: 4 } } },
  });
  const { exit, stdout, stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is.not(exit, 0);
  assert.is(stdout, '');
  assert.match(stderr, /can't fork|Resource temporarily unavailable/);
});

testUnless(withoutController('cpu'), test, 'a container gets no more CPU time than its quota', () => {
  const resources = { cpu: { quota: 10_000, period: 100_000 } };
  const id = runtime.running({ process: { args: ['sh', '-c', 'while :; do :; done'] }, linux: { resources } });
  const { pid } = runtime.state(id);
  const { outside } = placeOf(pid, 'cpu');
  const throttled = () => Number(/^nr_throttled (\d+)$/m.exec(contentOf(outside, 'cpu.stat'))?.[1]);
  // proc_pid_stat(5): utime is field 14, in ticks of 10 ms.
  const ticks = () => Number(contentOf(`/proc/${pid}`, 'stat').split(') ')[1]?.split(' ')[11]);
  const [start, before] = [performance.now(), ticks()];
  Bun.sleepSync(2000);
  const share = ((ticks() - before) * 10) / (performance.now() - start);
  assert.ok(share < 0.25, `${share}`);
  assert.ok(throttled() > 0);
  runtime.remove(id);
});

testUnless(withoutController('cpuset'), test, 'a container runs on the CPUs that it has', () => {
  const script = 'grep ^Cpus_allowed_list /proc/self/status | cut -f2';
  assert.is(runtime.inside(script, { linux: { resources: { cpu: { cpus: '0' } } } }), '0\n');
});

// The smallest program: it exits with 0 and needs no library.
function addTrue(rootfs: string): void {
  const program = new Program();
  program.exit(0);
  writeFileSync(join(rootfs, 'bin/static-true'), assemble(program, architecture));
  chmodSync(join(rootfs, 'bin/static-true'), 0o755);
}

// The kernel charges up to 256 kB for each CPU in advance (MEMCG_CHARGE_BATCH): with 512 kB one in 50 processes that move
// from one CPU to another is killed.
testUnless(withoutController('memory'), test, 'a memory limit of 1 MB is enough for a static program', () => {
  const resources = { memory: { limit: 1024 * 1024 } };
  const bundle = runtime.bundle({ process: { args: ['static-true'] }, linux: { resources } });
  addTrue(bundle.rootfs);
  for (let attempt = 0; attempt < 20; attempt++) {
    const { exit, stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
    assert.is(exit, 0, `${attempt}: ${stderr}`);
  }
});

testUnless(
  withoutController('memory'),
  test,
  'a memory limit that the container exceeds from the start is an error',
  () => {
    const bundle = runtime.bundle({ linux: { resources: { memory: { limit: 16 * 1024 } } } });
    const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
    assert.match(line, /\/linux\/resources\/memory\/limit: /);
  },
);

testUnless(
  versionOf('memory') === 2 ? undefined : 'cgroup v1 checks it itself',
  test,
  'checkBeforeUpdate refuses a limit below the usage',
  () => {
    const id = runtime.running();
    const input = JSON.stringify({ memory: { limit: 4096, checkBeforeUpdate: true } });
    assert.match(
      runtime.fails(['update', '-r', '-', id], { input }),
      /\/memory\/limit: 4096 is below what the container/,
    );
    assert.is(runtime.state(id).status, 'running');
    runtime.remove(id);
  },
);

test.run();
