import { closeSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toRuntimeError } from '../errors.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { configToExactJson, loadPlan, savePlan } from './plan-file.ts';
import { folderOf, makeFolder, PLAN_FILE } from './store.ts';

const test = suite('state/plan-file');

let root = '';
test.before.each(() => {
  root = mkdtempSync('/tmp/runts-plan-');
});
test.after.each(() => rmSync(root, { recursive: true }));

const plan = samplePlan({
  ociVersion: '1.3.0',
  process: {
    cwd: '/',
    args: ['true'],
    rlimits: [{ type: 'RLIMIT_CORE', soft: 5, hard: 18446744073709551615n }],
    capabilities: { bounding: ['CAP_CHOWN', 'CAP_BPF'], permitted: ['CAP_CHOWN'] },
  },
});

test('a plan is read as it was written, bytes and integers of 64 bits included', () => {
  closeSync(makeFolder(root, plan.id));
  const written = { ...plan, program: Uint8Array.of(0, 255, 7) };
  savePlan(root, written);
  const without = JSON.stringify(written, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
  const read = loadPlan(root, plan.id);
  assert.is(
    JSON.stringify(read, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)),
    without,
  );
  assert.equal(read.process?.rlimits, plan.process?.rlimits);
  assert.equal((read as typeof written).program, Uint8Array.of(0, 255, 7));
});

test('nobody else may read it: the environment is in there', () => {
  closeSync(makeFolder(root, plan.id));
  savePlan(root, plan);
  assert.is(statSync(`${folderOf(root, plan.id)}/${PLAN_FILE}`).mode & 0o777, 0o600);
});

test('a missing one is an error that names it', () => {
  try {
    loadPlan(root, 'web1');
    assert.unreachable();
  } catch (error) {
    assert.match(toRuntimeError(error)?.oneLine ?? '', /^load plan: .*web1\/plan\.json/);
  }
});

test('integers of 64 bits in a config are exact, too', () => {
  assert.is(configToExactJson({ hard: 1n, soft: 1 }), '{"hard":{"$bigint":"1"},"soft":1}');
  assert.is(configToExactJson({ cwd: '/' }), '{"cwd":"/"}');
});

test.run();
