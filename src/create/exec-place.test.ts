import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { StateError } from '../errors.ts';
import { NO_PID, sampleRecord } from '../state/fixtures/record.ts';
import { startTimeOf } from '../state/status.ts';
import { openPlace } from './exec-place.ts';

const test = suite('create/exec-place');

const isStopped = (error: unknown) =>
  error instanceof StateError && error.oneLine === 'cannot exec in a stopped container';

test('a process that is gone, or whose pid another has, is a stopped container', () => {
  assert.throws(() => openPlace(sampleRecord({ pid: NO_PID }), []), isStopped);
  assert.throws(() => openPlace(sampleRecord({ pid: process.pid, startTime: '1' }), []), isStopped);
});

test('namespaces that the runtime is in itself are not joined', () => {
  const record = sampleRecord({ pid: process.pid, startTime: startTimeOf(process.pid) ?? '' });
  const place = openPlace(record, []);
  assert.is(place.namespaceFlags, 0);
  assert.is(place.rootFd, undefined);
  assert.ok(existsSync(`/proc/self/fd/${place.pidfd}`));
  place.close();
});

if (process.getuid?.() === 0) {
  test('the others are, by their flags', async () => {
    const child = spawn('unshare', ['--uts', '--ipc', 'sh', '-c', 'echo ready; read line'], { stdio: 'pipe' });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const pid = child.pid ?? 0;
    const place = openPlace(sampleRecord({ pid, startTime: startTimeOf(pid) ?? '' }), []);
    assert.is(place.namespaceFlags, K.CLONE_NEWUTS | K.CLONE_NEWIPC);
    place.close();
    child.stdin.end();
  });
} else console.log('skipped: needs root: joining namespaces');

test.run();
