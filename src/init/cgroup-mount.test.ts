import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import * as assert from 'uvu/assert';
import { CLONE_NEWCGROUP } from '../../bindings/constants.ts';
import { inChild, rootTest, strictSuite } from '../../bindings/strict-suite.ts';
import { type PlacedCgroup, placeCgroup } from '../cgroup/cgroup.ts';
import { readHierarchies } from '../cgroup/hierarchies.ts';
import type { Mount } from '../bundle/config.ts';
import { planMounts } from '../plan/mounts.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { makeCgroupMount } from './cgroup-mount.ts';
import { mountOn, mountsBelow, withRoot } from './fixtures/root.ts';

const test = strictSuite('init/cgroup-mount', import.meta.path);

const id = basename(mkdtempSync('/tmp/runts-cgroup-mount-'));
rmdirSync(`/tmp/${id}`);

// Cgroups of the host with a mark of their own: no process enters them.
function withCgroups<T>(action: (placed: PlacedCgroup[]) => T): T {
  const placed = placeCgroup(samplePlan({ ociVersion: '1.3.0', linux: { cgroupsPath: `/${id}` } }).cgroup);
  for (const { directory } of placed) mkdirSync(`${directory}/inner`, { recursive: true });
  try {
    return action(placed);
  } finally {
    for (const { directory } of placed) {
      rmdirSync(`${directory}/inner`);
      rmdirSync(directory);
    }
  }
}

function mountIn(rootFd: number, placed: PlacedCgroup[], hasNamespace: boolean, options: string[] = []): void {
  const mount: Mount = { destination: '/cg', type: 'cgroup', source: 'cgroup', options };
  for (const plan of planMounts([mount], '/bundle')) makeCgroupMount(rootFd, plan, { placed, hasNamespace });
}

const isV1 = (): boolean => readHierarchies().some(({ version }) => version === 1);

rootTest(test, 'without a cgroup namespace the container sees its own cgroup, in every hierarchy', () => {
  withCgroups((placed) => {
    withRoot((root, rootFd) => {
      mountIn(rootFd, placed, false);
      const shown = isV1() ? readdirSync(`${root}/cg`, { withFileTypes: true }).filter((e) => e.isDirectory()) : [];
      const folders = isV1() ? shown.map(({ name }) => `${root}/cg/${name}`) : [`${root}/cg`];
      assert.is(folders.length, placed.filter(({ hierarchy }) => !isV1() || hierarchy.version === 1).length);
      for (const folder of folders) assert.ok(existsSync(`${folder}/inner`), folder);
    });
  });
});

rootTest(test, 'with one, the root of each hierarchy is the cgroup of the process', () => {
  const answer = withCgroups((placed) =>
    inChild(() => {
      return withRoot((root, rootFd) => {
        mountIn(rootFd, placed, true);
        const types = mountsBelow(`${root}/cg`).map(({ type }) => type);
        return types.filter((type) => type.startsWith('cgroup')).length;
      });
    }, CLONE_NEWCGROUP),
  );
  assert.is(answer, String(readHierarchies().filter(({ version }) => !isV1() || version === 1).length));
});

rootTest(test, 'attributes of the mount are those of every hierarchy, and of the folder around them', () => {
  withCgroups((placed) => {
    withRoot((root, rootFd) => {
      mountIn(rootFd, placed, false, ['ro', 'nosuid', 'nodev', 'noexec']);
      for (const { mountPoint, options } of mountsBelow(`${root}/cg`)) {
        for (const option of ['ro', 'nosuid', 'nodev', 'noexec']) assert.ok(options.includes(option), `${mountPoint} ${option}`);
      }
      assert.throws(() => writeFileSync(`${root}/cg/new`, ''), /EROFS|EACCES/);
    });
  });
});

rootTest(test, 'v1 controllers that share a hierarchy are found by their own names too', () => {
  withCgroups((placed) => {
    const pids = placed.find(({ hierarchy }) => hierarchy.controllers.includes('pids'));
    if (pids === undefined) return;
    const mountPoint = '/sys/fs/cgroup/pids,misc';
    const shared = { ...pids, hierarchy: { ...pids.hierarchy, controllers: ['pids', 'misc'], mountPoint } };
    withRoot((root, rootFd) => {
      mountIn(rootFd, [shared], false);
      assert.equal(['pids', 'misc'].map((name) => readlinkSync(`${root}/cg/${name}`)), ['pids,misc', 'pids,misc']);
      assert.match(readFileSync(`${root}/cg/misc/cgroup.procs`, 'utf8'), /^$/);
      assert.is(mountOn(`${root}/cg`)?.type, 'tmpfs');
    });
  });
});

test.run();
