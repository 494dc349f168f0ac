import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { argsOf, callsOf, scriptOf, stepsOf } from './fixtures/lines.ts';
import { closeFolders, openSources, sourceNumbers, takeSource, withOpenedFolders } from './sources.ts';

const test = suite('init/sources');

const plan = samplePlan({
  ociVersion: '1.3.0',
  mounts: [
    { destination: '/proc', type: 'proc' },
    { destination: '/a', source: '/src/a', options: ['rbind'] },
    { destination: '/tmp', type: 'tmpfs' },
    { destination: '/b', source: '/src/b', options: ['bind', 'idmap'] },
    { destination: '/c', source: '/src/c', options: ['bind'] },
    { destination: '/d', type: 'overlay', options: ['lowerdir=/low', 'upperdir=/up'] },
  ],
});
const numbers = sourceNumbers(plan, 100, { outside: new Set([4]), closed: ['/low', '/up'] });

test('the root and the bind mounts get numbers, in their order', () => {
  assert.equal([numbers.process, numbers.rootfs, numbers.mountPoint], [100, 101, 102]);
  assert.equal(
    [...numbers.binds],
    [
      [1, { number: 103, as: 'path' }],
      [3, { number: 104, as: 'copy' }],
      [4, { number: 105, as: 'outside copy' }],
    ],
  );
});

test('all but some are opened in the mount namespace of the container process, and put where it finds them', () => {
  const options = { rootMountPoint: '/state/rootfs', idMaps: new Map([[3, 77]]) };
  const script = scriptOf((to) => openSources(to, plan, numbers, options));
  const [setns] = callsOf(script, 'setns').map((call) => argsOf(script, call));
  assert.equal(setns, [100, K.CLONE_NEWNS]);
  assert.equal(
    stepsOf(script).filter((line) => !/: (dup3|close)$/.test(line)),
    [
      'mount /mounts/4 (bind of /src/c on /c): open_tree /src/c',
      'mount /mounts/4 (bind of /src/c on /c): mount_setattr /src/c',
      'dup3',
      'close',
      'enter the mount namespace: setns',
      'close',
      '/root/path /bundle/rootfs: open_tree /bundle/rootfs',
      '/root/path /bundle/rootfs: openat /state/rootfs',
      'mount /mounts/1 (bind of /src/a on /a): open_tree /src/a',
      'dup3',
      'close',
      'mount /mounts/3 (bind of /src/b on /b): open_tree /src/b',
      'mount /mounts/3 (bind of /src/b on /b): mount_setattr MOUNT_ATTR_IDMAP /src/b',
      'dup3',
      'close',
      'mount /mounts/5 (overlay on /d): open_tree /low',
      'dup3',
      'close',
      'mount /mounts/5 (overlay on /d): open_tree /up',
      'dup3',
      'close',
    ],
  );
  const [outside, root, inside, mapped] = callsOf(script, 'open_tree').map((call) => Number(argsOf(script, call)[2]));
  assert.equal(
    [outside, root, inside, mapped].map((flags = 0) => (flags & K.OPEN_TREE_CLONE) !== 0),
    [true, true, false, true],
  );
  // Not closed by execve(2).
  assert.equal(
    callsOf(script, 'dup3').map((call) => argsOf(script, call).slice(1)),
    [105, 101, 102, 103, 104, 106, 107].map((number) => [number, 0]),
  );
});

test('overlays get the folders that were opened, which are closed afterwards', () => {
  const options = ['lowerdir=/low:/other', 'upperdir=/up'];
  const [overlay] = samplePlan({
    ociVersion: '1.3.0',
    mounts: [{ destination: '/x', type: 'overlay', options }],
  }).mounts;
  if (overlay === undefined) throw new Error('no mount');
  assert.equal(withOpenedFolders(overlay, numbers).data, [
    'lowerdir=/proc/self/fd/106:/other',
    'upperdir=/proc/self/fd/107',
  ]);
  const script = scriptOf((to) => closeFolders(to, numbers));
  assert.equal(
    callsOf(script, 'close').map((call) => argsOf(script, call)),
    [[106], [107]],
  );
});

test('each is taken by its number, which is free then', () => {
  const script = scriptOf((to) => takeSource(to, 103, to.slot()));
  const calls = callsOf(script, 'fcntl', 'close').map((call) => argsOf(script, call));
  assert.equal(calls, [[103, K.F_DUPFD_CLOEXEC, 0], [103]]);
});

test.run();
