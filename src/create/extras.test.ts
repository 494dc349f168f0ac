import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Process } from '../bundle/config.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { loadExtras } from './extras.ts';

const test = suite('create/extras');

const countsFor = async (process: Partial<Process>): Promise<number[]> => {
  const plan = samplePlan({ ociVersion: '1.3.0', process: { cwd: '/', args: ['sh'], ...process } });
  const { inNamespaces, beforeFinal } = await loadExtras(plan);
  return [inNamespaces.length, beforeFinal.length];
};

test('a usual container needs nothing', async () => assert.equal(await countsFor({}), [0, 0]));

test('scheduler and ioPriority are set at the end, together', async () => {
  const scheduler = { policy: 'SCHED_IDLE' };
  const ioPriority = { class: 'IOPRIO_CLASS_IDLE', priority: 0 };
  for (const process of [{ scheduler }, { ioPriority }, { scheduler, ioPriority }]) {
    assert.equal(await countsFor(process), [0, 1]);
  }
});

test.run();
