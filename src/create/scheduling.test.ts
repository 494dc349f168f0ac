import { spawn } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ioprioGet, schedGetattr } from '../../bindings/scheduling.ts';
import type { Process } from '../bundle/config.ts';
import { toRuntimeError } from '../errors.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { setScheduling } from './scheduling.ts';

const test = suite('create/scheduling');

const child = spawn('sleep', ['60'], { stdio: 'ignore' });
const pid = child.pid ?? -1;
test.after(() => void child.kill('SIGKILL'));

function set(process: Partial<Process>, target = pid): string {
  const plan = samplePlan({ ociVersion: '1.3.0', process: { cwd: '/', args: ['sh'], ...process } }).process;
  if (plan === undefined) throw new Error('no plan');
  try {
    setScheduling(target, plan);
    return 'done';
  } catch (error) {
    return toRuntimeError(error)?.oneLine ?? String(error);
  }
}

test('both are set', () => {
  const ioPriority = { class: 'IOPRIO_CLASS_BE', priority: 5 };
  assert.is(set({ scheduler: { policy: 'SCHED_BATCH', nice: 3 }, ioPriority }), 'done');
  const { policy, nice } = schedGetattr(pid);
  assert.equal([policy, nice, ioprioGet(pid)], [3, 3, (2 << 13) | 5]);
});

test('a failure names its place in the config', () => {
  const NO_PID = 4194305;
  assert.is(set({ scheduler: { policy: 'SCHED_IDLE' } }, NO_PID), '/process/scheduler: sched_setattr ESRCH');
  const ioPriority = { class: 'IOPRIO_CLASS_IDLE', priority: 0 };
  assert.is(set({ ioPriority }, NO_PID), '/process/ioPriority: ioprio_set ESRCH');
});

test.run();
