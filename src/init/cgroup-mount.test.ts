import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs';
import { basename } from 'node:path';
import * as assert from 'uvu/assert';
import { CLONE_NEWCGROUP } from '../../bindings/constants.ts';
import { isolatedSuite, rootTest } from '../../bindings/root-suite.ts';
import { type PlacedCgroup, placeCgroup } from '../cgroup/cgroup.ts';
import { readHierarchies } from '../cgroup/hierarchies.ts';
import { makePath } from '../create/container-paths.ts';
import type { Event } from '../final/event.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { planMounts } from '../plan/mounts.ts';
import { makeCgroupMount } from './cgroup-mount.ts';
import { mountOn, mountsBelow, runInRoot, withFolder, withRoot } from './fixtures/stage.ts';

const test = isolatedSuite('init/cgroup-mount', import.meta.path);

const id = basename(mkdtempSync('/tmp/runts-cgroup-mount-'));
rmdirSync(`/tmp/${id}`);

const isV1 = (): boolean => readHierarchies().some(({ version }) => version === 1);
/** On a hybrid host only the v1 hierarchies are shown. */
const shownHierarchies = (): number => readHierarchies().filter(({ version }) => !isV1() || version === 1).length;

// Cgroups of the host with a mark of their own: no process enters them.
function withCgroups(action: (placed: PlacedCgroup[]) => void): void {
  const placed = placeCgroup(samplePlan({ ociVersion: '1.3.0', linux: { cgroupsPath: `/${id}` } }).cgroup);
  for (const { directory } of placed) mkdirSync(`${directory}/inner`, { recursive: true });
  try {
    action(placed);
  } finally {
    for (const { directory } of placed) {
      rmdirSync(`${directory}/inner`);
      rmdirSync(directory);
    }
  }
}

interface MountOptions {
  namespace?: 'new' | 'joined' | 'host';
  options?: string[];
  type?: string;
}

function mounted(placed: PlacedCgroup[], options: MountOptions, check: (folder: string) => void): void {
  assert.is(mount(placed, options, check), 'done');
}

// Mounts them on /cg of a new root, and looks at what is there then; or what failed.
function mount(
  placed: PlacedCgroup[],
  { namespace = 'host', options = [], type = 'cgroup' }: MountOptions,
  check: (folder: string) => void,
): string {
  return withRoot((root) => {
    const answer = (event: Event): void => {
      if (event.type !== 'makePath') return;
      withFolder(root, (fd) => makePath(fd, event.path, event.entry, { uid: 0, gid: 0 }));
    };
    const [plan] = planMounts([{ destination: '/cg', type, source: 'cgroup', options }], {
      bundle: '/bundle',
      isInUser: false,
    });
    if (plan === undefined) throw new Error('no plan');
    const unshare = namespace !== 'host' ? { unshare: CLONE_NEWCGROUP } : {};
    const line = runInRoot(root, (at) => makeCgroupMount(at, plan, { placed, namespace }), { answer, ...unshare });
    if (line === 'done') check(`${root}/cg`);
    return line;
  });
}

for (const namespace of ['host', 'joined'] as const) {
  rootTest(
    test,
    `with the ${namespace} cgroup namespace, v1 shows the container's own cgroup in every hierarchy`,
    () => {
      if (!isV1()) return;
      withCgroups((placed) => {
        mounted(placed, { namespace }, (folder) => {
          const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
          assert.is(entries.length, shownHierarchies());
          for (const { name } of entries) assert.ok(existsSync(`${folder}/${name}/inner`), name);
        });
      });
    },
  );
}

rootTest(test, 'with one, the root of each hierarchy is the cgroup of the process', () => {
  withCgroups((placed) => {
    mounted(placed, { namespace: 'new' }, (folder) => {
      const types = mountsBelow(folder).map(({ type }) => type);
      assert.is(types.filter((type) => type.startsWith('cgroup')).length, shownHierarchies());
    });
  });
});

rootTest(
  test,
  "cgroup2 is the v2 hierarchy, also where there are v1 hierarchies beside it: all of it with the host's cgroup namespace",
  () => {
    withCgroups((placed) => {
      if (!placed.some(({ hierarchy }) => hierarchy.version === 2)) return;
      for (const namespace of ['new', 'joined', 'host'] as const) {
        mounted(placed, { namespace, type: 'cgroup2' }, (folder) => {
          assert.equal(
            mountsBelow(folder).map(({ type }) => type),
            ['cgroup2'],
          );
          assert.not(existsSync(`${folder}/inner`), namespace);
          if (namespace === 'host') assert.ok(existsSync(`${folder}/${id}/inner`));
        });
      }
    });
  },
);

rootTest(test, 'attributes of the mount are those of every hierarchy, and of the folder around them', () => {
  const options = ['ro', 'nosuid', 'nodev', 'noexec'];
  const recursive = options.map((option) => `r${option}`);
  const given = [options, recursive].flatMap((words) =>
    (['host', 'new'] as const).map((namespace) => ({ words, namespace })),
  );
  withCgroups((placed) => {
    for (const { words, namespace } of given) {
      mounted(placed, { options: words, namespace }, (folder) => {
        const missing = mountsBelow(folder).flatMap((mount) => {
          return options
            .filter((option) => !mount.options.includes(option))
            .map((name) => `${mount.mountPoint} ${name}`);
        });
        assert.equal(missing, []);
      });
    }
  });
});

rootTest(test, 'a hierarchy that cannot be mounted is told by what it is', () => {
  if (!isV1()) return;
  withCgroups((placed) => {
    const v1 = placed.filter(({ hierarchy }) => hierarchy.version === 1);
    const [first, second] = v1;
    if (first === undefined || second === undefined) return;
    const fails = (other: PlacedCgroup, namespace: 'new' | 'host') =>
      mount([first, other, second], { namespace }, () => {});
    assert.match(fails({ ...second, directory: '/none' }, 'host'), /^mount \/mounts\/0 .*: open_tree \/none ENOENT$/);
    const hierarchy = { ...second.hierarchy, controllers: ['name=a', 'nothing'] };
    const unknown = fails({ ...second, hierarchy }, 'new');
    assert.match(unknown, /^mount \/mounts\/0 .*: fsconfig nothing .*(EINVAL|ENOENT)$/);
    const twice = fails({ ...second, hierarchy: first.hierarchy }, 'host');
    const name = basename(first.hierarchy.mountPoint);
    assert.match(twice, new RegExp(`mount /mounts/0 .*: mkdirat ${name} EEXIST`));
  });
});

rootTest(test, 'v1 controllers that share a hierarchy are found by their own names too', () => {
  withCgroups((placed) => {
    const pids = placed.find(({ hierarchy }) => hierarchy.controllers.includes('pids'));
    if (pids === undefined) return;
    const mountPoint = '/sys/fs/cgroup/pids,misc';
    const shared = { ...pids, hierarchy: { ...pids.hierarchy, controllers: ['pids', 'misc'], mountPoint } };
    mounted([shared], {}, (folder) => {
      const links = ['pids', 'misc'].map((name) => readlinkSync(`${folder}/${name}`));
      assert.equal(links, ['pids,misc', 'pids,misc']);
      assert.is(readFileSync(`${folder}/misc/cgroup.procs`, 'utf8'), '');
      assert.is(mountOn(folder)?.type, 'tmpfs');
    });
  });
});

test.run();
