import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Config, Linux, Process } from '../bundle/config.ts';
import { fileSystemDriver } from '../cgroup/file-system-driver.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { sampleRecord } from '../state/fixtures/record.ts';
import { actAll, type ExtrasContext, loadExtras } from './extras.ts';
import { UndoList } from './undo.ts';

const test = suite('create/extras');

const context = (): ExtrasContext => ({
  root: '/none',
  driver: fileSystemDriver,
  placed: [],
  record: sampleRecord(),
  undo: new UndoList(),
});

const countsFor = async (process: Partial<Process>, linux: Linux = {}): Promise<number[]> => {
  const plan = samplePlan({ ociVersion: '1.3.0', process: { cwd: '/', args: ['sh'], ...process }, linux });
  const { inNamespaces, waiting, atEnd } = await loadExtras(plan, context());
  return [inNamespaces.length, waiting.length, atEnd.length];
};

test('a usual container needs nothing', async () => assert.equal(await countsFor({}), [0, 0, 0]));

test('a seccomp profile needs its filter, if there is a process', async () => {
  const seccomp = { defaultAction: 'SCMP_ACT_ALLOW' };
  const process = { cwd: '/', args: ['sh'] };
  const extrasOf = async (parts: Partial<Config>) => {
    const extras = await loadExtras(samplePlan({ ociVersion: '1.3.0', linux: { seccomp }, ...parts }), context());
    return [extras.seccomp !== undefined, extras.meanwhile.length];
  };
  assert.equal(await extrasOf({ process }), [true, 1]);
  assert.equal(await extrasOf({}), [false, 0]);
});

test('scheduler and ioPriority are set at the end, together', async () => {
  const scheduler = { policy: 'SCHED_IDLE' };
  const ioPriority = { class: 'IOPRIO_CLASS_IDLE', priority: 0 };
  for (const process of [{ scheduler }, { ioPriority }, { scheduler, ioPriority }]) {
    assert.equal(await countsFor(process), [0, 1, 0]);
  }
});

test('network interfaces are moved at the start, and let go at the end', async () => {
  const linux: Linux = { netDevices: { eth0: {} }, namespaces: [{ type: 'network' }] };
  assert.equal(await countsFor({}, linux), [1, 0, 1]);
});

test('what is to be done at a moment is done in its order', () => {
  const log: string[] = [];
  actAll([(pid) => log.push(`a ${pid}`), (pid) => log.push(`b ${pid}`)], 7);
  assert.equal(log, ['a 7', 'b 7']);
});

test.run();
