import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PlacedCgroup } from '../cgroup/cgroup.ts';
import { fileSystemDriver } from '../cgroup/file-system-driver.ts';
import { planCgroup } from '../plan/cgroup.ts';
import { makeCgroups } from './make-cgroups.ts';

const test = suite('create/make-cgroups');

const folder = mkdtempSync('/tmp/runts-make-cgroups-');
test.after(() => rmSync(folder, { recursive: true }));

// /sys/kernel refuses new folders to everybody.
const places = (): PlacedCgroup[] =>
  [folder, '/sys/kernel'].map((mountPoint) => ({
    hierarchy: { version: 1, controllers: ['pids'], mountPoint, root: '/', own: '/session' },
    ...{ directory: `${mountPoint}/web1`, isOwn: true },
  }));
const plan = planCgroup({ ociVersion: '1.3.0', linux: {} }, 'web1');

async function made(isRootless: boolean | undefined, isInitial: boolean): Promise<string> {
  const options = { driver: fileSystemDriver, isRootless, isInitial: () => isInitial };
  try {
    return (await makeCgroups(places(), plan, options)).map(({ directory }) => directory).join(' ');
  } catch {
    return 'refused';
  }
}

const cases: [name: string, isRootless: boolean | undefined, isInitial: boolean, result: string][] = [
  ["the host's root must be able to make all", undefined, true, 'refused'],
  ['whoever says that it is no user, too', false, false, 'refused'],
  ["root of a user's namespace gets what it can", undefined, false, `${folder}/web1`],
  ['a user gets what it can', true, true, `${folder}/web1`],
];
for (const [name, isRootless, isInitial, result] of cases) {
  test(name, async () => {
    assert.is(await made(isRootless, isInitial), result);
    assert.ok(existsSync(`${folder}/web1`));
  });
}

test.run();
