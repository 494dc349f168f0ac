import { appendFileSync, closeSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pollReadable } from '../../bindings/files.ts';
import { rootTest } from '../../bindings/root-suite.ts';
import { planCgroup } from '../plan/cgroup.ts';
import { makeCgroup, type PlacedCgroup, placeCgroup, removeCgroup } from './cgroup.ts';
import { watchOutOfMemory } from './out-of-memory.ts';

// Containers that do run out of memory: conformance/integration/events.test.ts.
const test = suite('cgroup/out-of-memory');

const directory = mkdtempSync('/tmp/runts-memory-');
test.after(() => rmSync(directory, { recursive: true }));

const v2 = (): PlacedCgroup[] => {
  const hierarchy = { version: 2 as const, controllers: [], mountPoint: '/m', root: '/', own: '/' };
  return [{ hierarchy, directory, isOwn: true }];
};

test('without a memory controller there is nothing to watch', () => {
  assert.is(watchOutOfMemory([]), undefined);
  assert.is(watchOutOfMemory(v2()), undefined);
});

test('v2: a new kill counts, other events do not', () => {
  const file = `${directory}/memory.events`;
  writeFileSync(file, 'max 1\noom_kill 1\n');
  const watch = watchOutOfMemory(v2());
  if (watch === undefined) throw new Error('nothing to watch');
  assert.is(watch.hasHappened(), false);
  appendFileSync(file, 'max 2\n');
  assert.equal([pollReadable([watch.fd], 1000), watch.hasHappened()], [[true], false]);
  appendFileSync(file, 'oom_kill 2\n');
  assert.equal([pollReadable([watch.fd], 1000), watch.hasHappened(), watch.hasHappened()], [[true], true, false]);
  closeSync(watch.fd);
});

rootTest(test, 'a cgroup that is removed has not run out of memory', () => {
  const placed = placeCgroup(planCgroup({ ociVersion: '1.3.0' }, `runts-memory-${process.pid}`));
  makeCgroup(placed);
  const watch = watchOutOfMemory(placed);
  assert.is(watch?.hasHappened() ?? false, false);
  removeCgroup(placed);
  assert.is(watch?.hasHappened() ?? false, false);
  if (watch !== undefined) closeSync(watch.fd);
});

test.run();
