import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rootTest } from '../../bindings/root-suite.ts';
import { RuntimeError } from '../errors.ts';
import { planCgroup } from '../plan/cgroup.ts';
import { claimGone, locateCgroup, makeCgroup, type PlacedCgroup, placeCgroup, removeCgroup } from './cgroup.ts';
import { readHierarchies } from './hierarchies.ts';
import { processesIn } from './processes.ts';

const test = suite('cgroup/cgroup');

const folder = mkdtempSync('/tmp/runts-cgroup-');
test.after(() => rmSync(folder, { recursive: true }));

// A hierarchy made of plain files.
function fake(name: string, controllers: string[], files: Record<string, string>): PlacedCgroup {
  const mountPoint = `${folder}/${name}`;
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(`${mountPoint}/${path}`), { recursive: true });
    writeFileSync(`${mountPoint}/${path}`, text);
  }
  const hierarchy = { version: 1 as const, controllers, mountPoint, root: '/', own: '/' };
  return { hierarchy, directory: `${mountPoint}/web1`, isOwn: true };
}

test('folders are made with their parents', () => {
  const place = fake('made', ['pids'], { 'cgroup.procs': '' });
  makeCgroup([{ ...place, directory: `${place.directory}/a/b` }]);
  assert.ok(existsSync(`${folder}/made/web1/a/b`));
});

test('an empty cpuset gets the values of the next parent that has some', () => {
  const place = fake('cpuset', ['cpuset'], {
    ...{ 'cpuset.cpus': '0-3\n', 'cpuset.mems': '0\n', 'a/cpuset.cpus': '1\n', 'a/cpuset.mems': '\n' },
    ...{ 'a/b/cpuset.cpus': '\n', 'a/b/cpuset.mems': '\n' },
  });
  makeCgroup([{ ...place, directory: `${folder}/cpuset/a/b` }]);
  const read = (path: string) => readFileSync(`${folder}/cpuset/${path}`, 'utf8').trim();
  assert.equal(['a/cpuset.cpus', 'a/cpuset.mems', 'a/b/cpuset.cpus', 'a/b/cpuset.mems'].map(read), [
    '1',
    '0',
    '1',
    '0',
  ]);
});

test("a container's folders are found again in their hierarchies", () => {
  const hierarchies = readHierarchies();
  const folders = hierarchies.map(({ mountPoint }) => ({ directory: `${mountPoint}/x`, isOwn: false }));
  assert.equal(
    locateCgroup([...folders, { directory: '/nowhere/x', isOwn: true }]),
    folders.map((folder, index) => ({ ...folder, hierarchy: hierarchies[index] })),
  );
});

test('a frozen cgroup is refused: the container process would never come up', () => {
  const place = fake('frozen', ['freezer'], { 'web1/freezer.state': 'FROZEN\n', 'made/freezer.state': 'THAWED\n' });
  const isRefused = (error: unknown) =>
    error instanceof RuntimeError && /web1: the cgroup is frozen/.test(error.oneLine);
  assert.throws(() => makeCgroup([{ ...place, isOwn: false }]), isRefused);
  assert.not.throws(() => makeCgroup([{ ...place, isOwn: false, directory: `${folder}/frozen/made` }]));
  const v2 = fake('frozen2', [], { 'web1/cgroup.events': 'populated 0\nfrozen 1\n' });
  assert.throws(() => makeCgroup([{ ...v2, hierarchy: { ...v2.hierarchy, version: 2 }, isOwn: false }]), isRefused);
});

test('only folders that were made for the container are removed; those that are gone are no error', () => {
  for (const name of ['own', 'joined']) mkdirSync(`${folder}/${name}`);
  removeCgroup([
    { directory: `${folder}/own`, isOwn: true },
    { directory: `${folder}/joined`, isOwn: false },
    { directory: `${folder}/gone`, isOwn: true },
  ]);
  assert.equal([existsSync(`${folder}/own`), existsSync(`${folder}/joined`)], [false, true]);
});

test('a folder that has gone since it was placed is the own one', () => {
  const [there, gone] = [fake('there', [], { 'web1/cgroup.procs': '' }), fake('gone', [], {})];
  const placed = [there, gone].map((place) => ({ ...place, isOwn: false }));
  claimGone(placed);
  assert.equal(
    placed.map(({ isOwn }) => isOwn),
    [false, true],
  );
});

test('a folder that cannot be removed is named', () => {
  const { directory } = fake('full', ['pids'], { 'web1/file': '' });
  const namesIt = (error: unknown) =>
    error instanceof RuntimeError && error.oneLine.startsWith(`remove cgroup ${directory}: rmdir`);
  assert.throws(() => removeCgroup([{ directory, isOwn: true }]), namesIt);
});

rootTest(test, 'a path that leads to the root of a hierarchy is refused', () => {
  for (const path of ['/', '/.', '//']) {
    assert.throws(
      () => placeCgroup({ ...planCgroup({ ociVersion: '1.3.0' }, 'x'), path }),
      /\/linux\/cgroupsPath: "[/.]+" must not/,
    );
  }
});

rootTest(test, "in the host's hierarchies a cgroup is made, emptied and removed", async () => {
  const placed = placeCgroup(planCgroup({ ociVersion: '1.3.0' }, `runts-test-${process.pid}`));
  assert.ok(placed.every(({ isOwn }) => isOwn));
  makeCgroup(placed);
  // Not a child of ours: removeCgroup waits for children, and the engine would miss its own.
  const pid = Number(spawnSync('sh', ['-c', 'sleep 60 >&- 2>&- & echo $!'], { encoding: 'utf8' }).stdout);
  try {
    for (const place of placed) {
      writeFileSync(`${place.directory}/cgroup.procs`, String(pid));
      assert.equal(processesIn([place]), [pid]);
    }
    for (const { directory } of placed) mkdirSync(`${directory}/made/below`, { recursive: true });
  } finally {
    removeCgroup(placed);
  }
  assert.equal(
    placed.filter(({ directory }) => existsSync(directory)),
    [],
  );
  assert.not(existsSync(`/proc/${pid}/exe`));
});

test.run();
