import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toRuntimeError } from '../errors.ts';
import { type CgroupPlan, planCgroup } from '../plan/cgroup.ts';
import type { PlacedCgroup } from './cgroup.ts';
import { fileSystemDriver } from './file-system-driver.ts';
import { makeAllowed } from './rootless.ts';

const test = suite('cgroup/rootless');

const folder = mkdtempSync('/tmp/runts-rootless-');
test.after(() => rmSync(folder, { recursive: true }));

const place = (mountPoint: string, own = '/session'): PlacedCgroup => ({
  hierarchy: { version: 1, controllers: ['pids'], mountPoint, root: '/', own },
  ...{ directory: `${mountPoint}/web1`, isOwn: true },
});
const plan = (linux = {}): CgroupPlan => planCgroup({ ociVersion: '1.3.0', linux }, 'web1');
// /proc refuses new folders to everybody, though by another errno.
const CLOSED = '/sys/kernel';

test('what may be made is made', async () => {
  const placed = [place(folder)];
  await makeAllowed(fileSystemDriver, placed, plan());
  assert.ok(existsSync(`${folder}/web1`));
  assert.is(placed[0]?.isInherited, undefined);
});

test("where nothing may be made, the runtime's cgroup is kept", async () => {
  const placed = [place(folder), place(CLOSED)];
  await makeAllowed(fileSystemDriver, placed, plan());
  const kept = { directory: `${CLOSED}/session`, isOwn: false, isInherited: true };
  assert.equal(placed[1], { hierarchy: place(CLOSED).hierarchy, ...kept });
});

for (const linux of [{ cgroupsPath: '/web1' }, { resources: { pids: { limit: 5 } } }]) {
  test(`a config with ${Object.keys(linux)} can't do without`, async () => {
    try {
      await makeAllowed(fileSystemDriver, [place(CLOSED)], plan(linux));
      assert.unreachable();
    } catch (error) {
      const line = toRuntimeError(error)?.oneLine ?? String(error);
      assert.match(line, /^\/linux\/cgroupsPath or \/linux\/resources: make cgroup \/sys\/kernel\/web1: mkdir .* E/);
    }
  });
}

test('other failures are failures', async () => {
  try {
    await makeAllowed(fileSystemDriver, [place('/etc/passwd')], plan());
    assert.unreachable();
  } catch (error) {
    assert.match(toRuntimeError(error)?.oneLine ?? '', 'ENOTDIR');
  }
});

test.run();
