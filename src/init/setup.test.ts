import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import type { Config, Linux } from '../bundle/config.ts';
import type { Script } from '../final/script.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { argsOf, callsOf, firstOutOfOrder, stepsOf } from './fixtures/lines.ts';
import { setupScript } from './setup.ts';

const test = suite('init/setup');

function setup(parts: Partial<Config> = {}, linux: Linux = {}): Script {
  const namespaces: Linux['namespaces'] = [{ type: 'mount' }, { type: 'cgroup' }, { type: 'time' }];
  const process = { cwd: '/work', args: ['sh'] };
  const plan = samplePlan({ ociVersion: '1.3.0', process, linux: { namespaces, ...linux }, ...parts });
  return setupScript({
    ...{
      plan,
      placedCgroup: [],
      syncFd: 9,
      finalFd: 8,
      rootMountPoint: '/bundle/rootfs',
      mountFacts: [],
      sources: undefined,
      idMaps: new Map(),
    },
  });
}

test('before anything else nobody may trace it', () => {
  const script = setup();
  const [first] = callsOf(script, 'prctl').map((call) => argsOf(script, call));
  assert.is(stepsOf(script)[0], 'prctl');
  assert.equal(first, [K.PR_SET_DUMPABLE, 0, 0, 0, 0]);
});

test('everything happens in the order that keeps it safe', () => {
  const script = setup(
    {
      hostname: 'web',
      root: { path: 'rootfs', readonly: true },
      mounts: [
        { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['ro'] },
        { destination: '/data', source: '/data', options: ['rbind', 'rshared'] },
      ],
    },
    {
      namespaces: [{ type: 'mount' }, { type: 'cgroup' }, { type: 'time' }, { type: 'ipc' }, { type: 'uts' }],
      sysctl: { 'kernel.shmmax': '1' },
      ...{ readonlyPaths: ['/proc/sys'], maskedPaths: ['/proc/kcore'], rootfsPropagation: 'rprivate' },
    },
  );
  const order = [
    'new time namespace: unshare',
    '/hostname: sethostname web',
    '/linux/sysctl/kernel.shmmax: write /proc/sys/kernel/shmmax',
    // While the host's mounts are still shared with this mount namespace.
    'mount /mounts/1 (bind of /data on /data): open_tree /data',
    // Before anything is mounted.
    '/root/path /bundle/rootfs: mount_setattr /',
    '/root/path /bundle/rootfs: move_mount /bundle/rootfs',
    'sendmsg root',
    'new cgroup namespace: unshare',
    'mount /mounts/0 (tmpfs on /dev): move_mount /dev',
    'mount /mounts/1 (bind of /data on /data): move_mount /data',
    'default device /dev/null: mknodat /dev/null',
    'default link /dev/fd: symlinkat /dev/fd',
    // Nothing is to be made on it any more.
    'mount /mounts/0 (tmpfs on /dev): mount_setattr /dev',
    'tell mounted',
    '/linux/readonlyPaths/0 (/proc/sys): move_mount /proc/sys',
    '/linux/maskedPaths/0 (/proc/kcore): move_mount /proc/kcore',
    '/process/cwd /work: openat2 /work',
    'change the root: pivot_root /bundle/rootfs',
    'change the root: umount2 /',
    '/linux/rootfsPropagation: mount_setattr /bundle/rootfs',
    '/root/readonly: mount_setattr /bundle/rootfs',
    '/process/cwd /work: fchdir /work',
    'tell final',
    'go on as runts-init: execveat',
  ];
  assert.is(firstOutOfOrder(stepsOf(script), order), undefined);
});

test('nothing is mounted before the mounts of the host are made slaves, recursively', () => {
  const script = setup({ mounts: [{ destination: '/dev', type: 'tmpfs', source: 'tmpfs' }] });
  const [first] = callsOf(script, 'mount_setattr', 'move_mount', 'mount', 'fsmount');
  if (first === undefined) throw new Error('nothing is mounted');
  assert.equal(argsOf(script, first).slice(0, 3), ['slot', '', K.AT_EMPTY_PATH | K.AT_RECURSIVE]);
});

test('paths of the container are opened by openat2 only; openat is for the host and for entries just made', () => {
  const script = setup(
    { mounts: [{ destination: '/dev', type: 'tmpfs', source: 'tmpfs' }] },
    { maskedPaths: ['/proc/kcore'] },
  );
  const places = callsOf(script, 'openat').map((call) => argsOf(script, call).slice(0, 3));
  const ofHost = places.filter(([folder]) => folder === K.AT_FDCWD).map(([, path]) => path);
  assert.equal([...new Set(ofHost)].sort(), ['/', '/bundle/rootfs', '/proc', '/proc/self/ns/time_for_children']);
  const inFolders = places.filter(([folder]) => folder !== K.AT_FDCWD);
  assert.ok(inFolders.every(([, , flags]) => (Number(flags) & K.O_NOFOLLOW) !== 0));
});

test('every descriptor that it opens is closed on exec', () => {
  const script = setup(
    { mounts: [{ destination: '/dev', type: 'tmpfs', source: 'tmpfs' }] },
    { maskedPaths: ['/proc/kcore'], readonlyPaths: ['/proc/sys'] },
  );
  const isMarked: [name: 'openat' | 'open_tree' | 'fsopen' | 'fsmount', index: number, flag: number][] = [
    ['openat', 2, K.O_CLOEXEC],
    ['open_tree', 2, K.OPEN_TREE_CLOEXEC],
    ['fsopen', 1, K.FSOPEN_CLOEXEC],
    ['fsmount', 1, K.FSMOUNT_CLOEXEC],
  ];
  for (const [name, index, flag] of isMarked) {
    const calls = callsOf(script, name);
    assert.ok(calls.length > 0, name);
    assert.ok(
      calls.every(({ args }) => (Number(args[index]) & flag) !== 0),
      name,
    );
  }
});

test('a read-only tmpfs is made writable, and read-only only once everything is on it', () => {
  const script = setup({
    mounts: [{ destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['ro', 'nosuid'] }],
  });
  const [mount] = callsOf(script, 'fsmount');
  assert.is(mount?.args[2], K.MOUNT_ATTR_NOSUID);
  assert.not.ok(stepsOf(script).includes('mount /mounts/0 (tmpfs on /dev): fsconfig ro'));
  const late = ['default link /dev/ptmx: symlinkat /dev/ptmx', 'mount /mounts/0 (tmpfs on /dev): mount_setattr /dev'];
  assert.is(firstOutOfOrder(stepsOf(script), [...late, 'tell mounted']), undefined);
});

const branchesOf = (script: Script) =>
  callsOf(script, 'mknodat').flatMap(({ options }) =>
    options.gotoOn ? [options.gotoOn.map(({ errno }) => errno)] : [],
  );

test('a device that exists is compared; in a user namespace one that is refused is mounted, and compared, too', () => {
  const [EPERM, EEXIST] = [1, 17];
  const [plain, inUser] = [setup(), setup({}, { namespaces: [{ type: 'mount' }, { type: 'user' }] })];
  assert.ok(branchesOf(plain).every((errnos) => errnos.join() === `${EEXIST}`));
  assert.ok(branchesOf(inUser).every((errnos) => errnos.join() === `${EEXIST},${EPERM}`));
  const label = 'default device /dev/null';
  const bound = [
    ...[`${label}: mknodat /dev/null`, `${label}: open_tree /dev/null`],
    ...[`${label}: openat /dev/null`, `${label}: move_mount /dev/null`, `${label}: tell checkDevice`],
  ];
  const late = (script: Script) =>
    stepsOf(script)
      .filter((line) => line.startsWith(label))
      .slice(-bound.length);
  assert.equal(late(inUser), bound);
  assert.not.ok(late(plain).includes(`${label}: move_mount /dev/null`));
});

test('without a process there is no working directory', () => {
  const plan = samplePlan({ ociVersion: '1.3.0' });
  const script = setupScript({
    ...{
      plan,
      placedCgroup: [],
      syncFd: 9,
      finalFd: 8,
      rootMountPoint: '/x',
      mountFacts: [],
      sources: undefined,
      idMaps: new Map(),
    },
  });
  assert.not.ok(stepsOf(script).some((line) => line.startsWith('/process/cwd')));
});

test('in a shared mount namespace nothing but the root itself changes its propagation, and chroot(2) does', () => {
  const script = setup({}, { namespaces: [], maskedPaths: ['/a', '/b'] });
  assert.not.ok(stepsOf(script).includes('/root/path /bundle/rootfs: mount_setattr /'));
  assert.equal(callsOf(script, 'pivot_root', 'umount2'), []);
  assert.is(callsOf(script, 'chroot').length, 1);
});

test.run();
