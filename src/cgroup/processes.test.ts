import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rootTest } from '../../bindings/root-suite.ts';
import { planCgroup } from '../plan/cgroup.ts';
import { makeCgroup, type PlacedCgroup, placeCgroup, removeCgroup } from './cgroup.ts';
import { type CgroupFolder, killAll, killAllUntilGone, processesIn, thaw } from './processes.ts';

const test = suite('cgroup/processes');

const folder = mkdtempSync('/tmp/runts-processes-');
test.after(() => rmSync(folder, { recursive: true }));

// A cgroup made of plain files.
function fake(name: string, files: Record<string, string>, isOwn = true): CgroupFolder {
  const directory = `${folder}/${name}`;
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(`${directory}/${path}`), { recursive: true });
    writeFileSync(`${directory}/${path}`, text);
  }
  return { directory, isOwn };
}

test('processes are found in the whole tree, each once', () => {
  const first = fake('p1', { 'cgroup.procs': '5\n6\n0\n', 'a/cgroup.procs': '7\n', x: '9' });
  const second = fake('p2', { 'cgroup.procs': '6\n8\n' });
  assert.equal(processesIn([first, second, { directory: '/nowhere', isOwn: true }]).sort(), [5, 6, 7, 8]);
});

test('only cgroups of its own are thawed, with all that are below', () => {
  const own = fake('own', { 'freezer.state': 'FROZEN', 'a/b/freezer.state': 'FROZEN', 'a/freezer.state': 'FROZEN' });
  const joined = fake('joined', { 'freezer.state': 'FROZEN' }, false);
  thaw([own, joined]);
  const states = [own, { directory: `${own.directory}/a` }, { directory: `${own.directory}/a/b` }, joined];
  assert.equal(
    states.map(({ directory }) => readFileSync(`${directory}/freezer.state`, 'utf8')),
    ['THAWED', 'THAWED', 'THAWED', 'FROZEN'],
  );
});

test('cgroup.kill is used where there is one, but never in a cgroup that was joined', () => {
  const own = fake('kill-own', { 'cgroup.kill': '' });
  const joined = fake('kill-joined', { 'cgroup.kill': '', 'cgroup.procs': `${process.pid}\n` }, false);
  killAll([own, joined]);
  assert.equal(
    [own, joined].map(({ directory }) => readFileSync(`${directory}/cgroup.kill`, 'utf8')),
    ['1', ''],
  );
});

const BOMB = 'f() { sleep 30 & while :; do f & wait; done; }; f';

// Not children of ours: the engine would miss its own.
function startIn(placed: CgroupFolder[], script: string): void {
  const joins = placed.map(({ directory }) => `echo 0 >${directory}/cgroup.procs`).join('; ');
  spawnSync('sh', ['-c', `(${joins}; ${script}) >/dev/null 2>&1 </dev/null &`]);
}

const isThere = (pid: number) => existsSync(`/proc/${pid}/exe`);

function until(isTrue: () => boolean): boolean {
  const end = performance.now() + 5000;
  while (!isTrue() && performance.now() < end) Bun.sleepSync(5);
  return isTrue();
}

const planned = (name = 'none'): PlacedCgroup[] =>
  placeCgroup(planCgroup({ ociVersion: '1.3.0' }, `runts-${name}-${process.pid}`));

function withCgroups(
  name: string,
  choose: (placed: PlacedCgroup[]) => PlacedCgroup[],
  action: (placed: PlacedCgroup[]) => void,
): void {
  const placed = choose(planned(name));
  makeCgroup(placed);
  for (const { directory, hierarchy } of placed) {
    // A bound for the test itself.
    if (hierarchy.controllers.includes('pids')) writeFileSync(`${directory}/pids.max`, '200');
  }
  try {
    action(placed);
  } finally {
    killAllUntilGone(placed);
    removeCgroup(placed);
  }
}

const choices: [how: string, choose: (placed: PlacedCgroup[]) => PlacedCgroup[]][] = [
  ['by all means', (placed) => placed],
  ['with the freezer', (placed) => placed.filter(({ hierarchy }) => /freezer|pids/.test(hierarchy.controllers.join()))],
  [
    'with neither freezer nor cgroup.kill',
    (placed) => placed.filter(({ hierarchy }) => hierarchy.controllers.includes('pids')),
  ],
];
for (const [how, choose] of choices) {
  const name = `processes that fork all the time are killed ${how}`;
  rootTest(test, name, () => {
    if (choose(planned()).length === 0) {
      console.log(`skipped: cgroup v2 always has cgroup.kill: ${name}`);
      return;
    }
    withCgroups('bomb', choose, (placed) => {
      startIn(placed, BOMB);
      assert.ok(until(() => processesIn(placed).length > 20));
      const before = processesIn(placed);
      killAllUntilGone(placed);
      assert.equal(processesIn(placed), []);
      assert.equal(before.filter(isThere), []);
    });
  });
}

rootTest(test, 'processes that were frozen are killed, also by the container itself', () => {
  const freezer = (placed: PlacedCgroup[]) => {
    const v1 = placed.filter(({ hierarchy }) => hierarchy.controllers.includes('freezer'));
    return v1.length > 0 ? v1 : placed;
  };
  withCgroups('frozen', freezer, (placed) => {
    const below = `${placed[0]?.directory}/below`;
    const isV1 = placed[0]?.hierarchy.version === 1;
    mkdirSync(below);
    startIn([{ directory: below, isOwn: true }], 'exec sleep 30');
    assert.ok(until(() => processesIn(placed).length === 1));
    if (isV1) writeFileSync(`${below}/freezer.state`, 'FROZEN');
    else writeFileSync(`${below}/cgroup.freeze`, '1');
    killAllUntilGone(placed);
    assert.equal(processesIn(placed), []);
  });
});

test.run();
