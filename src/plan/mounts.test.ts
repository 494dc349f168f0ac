import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import type { Mount } from '../bundle/config.ts';
import { ConfigError } from '../errors.ts';
import { type MountPlan, planMounts } from './mounts.ts';

const test = suite('plan/mounts');

const BARE: MountPlan = {
  label: '/mounts/0 (tmpfs on /x)',
  kind: 'filesystem',
  type: 'tmpfs',
  source: 'tmpfs',
  destination: '/x',
  recursiveBind: false,
  attributes: { set: 0, clear: 0 },
  recursiveAttributes: { set: 0, clear: 0 },
  propagation: [],
  superblock: [],
  data: [],
  copyUp: false,
  idmap: undefined,
  readonlyLater: false,
};

function tmpfs(...options: string[]): Mount {
  return { destination: '/x', type: 'tmpfs', source: 'tmpfs', options };
}

const cases: { name: string; mount: Mount; plan: Partial<MountPlan> }[] = [
  { name: 'a file system without options', mount: { destination: '/x', type: 'tmpfs', source: 'tmpfs' }, plan: {} },
  {
    name: 'a file system without a source has its type as one',
    mount: { destination: '/x', type: 'tmpfs' },
    plan: { source: 'tmpfs' },
  },
  {
    name: 'a relative destination starts at the root',
    mount: { destination: 'x', type: 'tmpfs' },
    plan: { destination: '/x' },
  },
  {
    name: 'unknown options go to the file system, in their order',
    mount: tmpfs('size=64k', '', 'huge=never'),
    plan: { data: ['size=64k', 'huge=never'] },
  },
  {
    name: 'attributes add up',
    mount: tmpfs('nosuid', 'nodev', 'noexec'),
    plan: { attributes: { set: K.MOUNT_ATTR_NOSUID | K.MOUNT_ATTR_NODEV | K.MOUNT_ATTR_NOEXEC, clear: 0 } },
  },
  {
    name: 'the later of two opposites counts',
    mount: tmpfs('nosuid', 'suid', 'dev', 'nodev'),
    plan: { attributes: { set: K.MOUNT_ATTR_NODEV, clear: K.MOUNT_ATTR_NOSUID } },
  },
  {
    name: 'the later of two access time modes counts',
    mount: tmpfs('noatime', 'strictatime'),
    plan: { attributes: { set: K.MOUNT_ATTR_STRICTATIME, clear: K.MOUNT_ATTR__ATIME } },
  },
  {
    name: 'relatime clears the other access time modes',
    mount: tmpfs('noatime', 'relatime'),
    plan: { attributes: { set: 0, clear: K.MOUNT_ATTR__ATIME } },
  },
  {
    name: 'recursive attributes are kept apart',
    mount: tmpfs('rro', 'rnosuid', 'rsuid'),
    plan: { recursiveAttributes: { set: K.MOUNT_ATTR_RDONLY, clear: K.MOUNT_ATTR_NOSUID } },
  },
  {
    name: 'a read-only tmpfs becomes so later: mount points and devices are still to be made on it',
    mount: tmpfs('ro'),
    plan: { attributes: { set: K.MOUNT_ATTR_RDONLY, clear: 0 }, superblock: ['ro'], readonlyLater: true },
  },
  {
    name: 'rw takes ro back',
    mount: tmpfs('ro', 'rw'),
    plan: { attributes: { set: 0, clear: K.MOUNT_ATTR_RDONLY } },
  },
  {
    name: 'file system flags are named once, and can be taken back',
    mount: tmpfs('sync', 'sync', 'dirsync', 'mand', 'nomand'),
    plan: { superblock: ['sync', 'dirsync'] },
  },
  {
    name: 'propagation is changed in the order listed',
    mount: tmpfs('rslave', 'shared'),
    plan: {
      propagation: [
        { flag: K.MS_SLAVE, recursive: true },
        { flag: K.MS_SHARED, recursive: false },
      ],
    },
  },
  { name: 'tmpcopyup is noted', mount: tmpfs('tmpcopyup'), plan: { copyUp: true } },
  {
    name: 'proc is read-only at once',
    mount: { destination: '/proc', type: 'proc', source: 'proc', options: ['ro'] },
    plan: {
      label: '/mounts/0 (proc on /proc)',
      type: 'proc',
      source: 'proc',
      destination: '/proc',
      superblock: ['ro'],
      attributes: { set: K.MOUNT_ATTR_RDONLY, clear: 0 },
    },
  },
  {
    name: 'a bind mount of an absolute path',
    mount: { destination: '/x', source: '/srv', type: 'bind', options: ['bind', 'ro'] },
    plan: {
      label: '/mounts/0 (bind of /srv on /x)',
      kind: 'bind',
      type: 'bind',
      source: '/srv',
      superblock: ['ro'],
      attributes: { set: K.MOUNT_ATTR_RDONLY, clear: 0 },
    },
  },
  {
    name: 'a relative bind source starts at the bundle',
    mount: { destination: '/x', source: 'data', options: ['rbind'] },
    plan: {
      label: '/mounts/0 (bind of /bundle/data on /x)',
      kind: 'bind',
      type: 'none',
      source: '/bundle/data',
      recursiveBind: true,
    },
  },
  {
    name: 'cgroup is a mount of its own kind',
    mount: { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup' },
    plan: {
      label: '/mounts/0 (cgroup on /sys/fs/cgroup)',
      kind: 'cgroup',
      type: 'cgroup',
      source: 'cgroup',
      destination: '/sys/fs/cgroup',
    },
  },
  {
    name: 'a bind mount of type cgroup is a bind mount',
    mount: { destination: '/x', type: 'cgroup', source: '/sys/fs/cgroup', options: ['rbind'] },
    plan: {
      label: '/mounts/0 (bind of /sys/fs/cgroup on /x)',
      kind: 'bind',
      type: 'cgroup',
      source: '/sys/fs/cgroup',
      recursiveBind: true,
    },
  },
  { name: 'remount', mount: tmpfs('remount', 'size=1k'), plan: { kind: 'remount', data: ['size=1k'] } },
  { name: 'remount before bind', mount: tmpfs('remount', 'bind'), plan: { kind: 'remount' } },
  { name: 'remount behind bind', mount: tmpfs('bind', 'remount'), plan: { kind: 'remount' } },
];
for (const { name, mount, plan } of cases) {
  test(name, () => assert.equal(planMounts([mount], { bundle: '/bundle', isInUser: false }), [{ ...BARE, ...plan }]));
}

test('each mount is named by its place in the list', () => {
  const labels = planMounts([tmpfs(), tmpfs()], { bundle: '/bundle', isInUser: false }).map(({ label }) => label);
  assert.equal(labels, ['/mounts/0 (tmpfs on /x)', '/mounts/1 (tmpfs on /x)']);
});

for (const type of [undefined, '', 'none', 'bind']) {
  test(`type ${JSON.stringify(type)} without "bind" among the options is refused by its pointer`, () => {
    const namesType = (error: unknown) =>
      error instanceof ConfigError && error.problems[0]?.pointer === '/mounts/1/type';
    const mount: Mount = { destination: '/x', source: '/srv', ...(type !== undefined && { type }) };
    assert.throws(() => planMounts([tmpfs(), mount], { bundle: '/bundle', isInUser: false }), namesType);
  });
}

test('a mount label becomes an option of new file systems, and of no others', () => {
  const mounts: Mount[] = [
    tmpfs('size=1m'),
    { ...tmpfs('bind'), source: '/x' },
    { ...tmpfs(), type: 'proc' },
    { ...tmpfs(), type: 'cgroup' },
    tmpfs('remount'),
  ];
  const plans = planMounts(mounts, { bundle: '/bundle', isInUser: false, mountLabel: 'u:r:t:s0:c1,c2' });
  const context = 'context=u:r:t:s0:c1,c2';
  assert.equal(
    plans.map(({ data }) => data),
    [['size=1m', context], [], [], [context], []],
  );
});

test.run();
