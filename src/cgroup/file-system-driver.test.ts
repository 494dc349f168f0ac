import { existsSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rootTest } from '../../bindings/root-suite.ts';
import { planCgroup } from '../plan/cgroup.ts';
import { fileSystemDriver } from './file-system-driver.ts';

const test = suite('cgroup/file-system-driver');

rootTest(test, 'a cgroup is placed, made, limited and removed', async () => {
  const resources = { pids: { limit: 7 } };
  const plan = planCgroup({ ociVersion: '1.3.0', linux: { resources } }, `runts-driver-${process.pid}`);
  const placed = fileSystemDriver.place(plan);
  assert.ok(placed.every(({ directory }) => !existsSync(directory)));
  try {
    await fileSystemDriver.make(placed, plan);
    await fileSystemDriver.limit(placed, resources, { pointer: '/r', warn: assert.unreachable });
    const limits = placed.map(({ directory }) => `${directory}/pids.max`).filter((file) => existsSync(file));
    assert.equal(
      limits.map((file) => readFileSync(file, 'utf8')),
      ['7\n'],
    );
  } finally {
    fileSystemDriver.remove(placed);
  }
  assert.ok(placed.every(({ directory }) => !existsSync(directory)));
});

test.run();
