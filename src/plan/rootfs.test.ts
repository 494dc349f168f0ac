import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import type { Config, Linux, Root } from '../bundle/config.ts';
import { isRootPath, planRootfs, type RootfsPlan } from './rootfs.ts';

const test = suite('plan/rootfs');

const OWN_MOUNTS: Linux = { namespaces: [{ type: 'mount' }] };
const withRoot = (root: Root): Config => ({ ociVersion: '1.3.0', root, linux: OWN_MOUNTS });
const withLinux = (linux: Linux): Config => ({ ociVersion: '1.3.0', root: { path: 'rootfs' }, linux });

const BARE: RootfsPlan = {
  path: '/bundle/rootfs',
  isReadonly: false,
  propagation: undefined,
  change: 'pivot',
  maskedPaths: [],
  readonlyPaths: [],
};

const cases: { name: string; config: Config; noPivot?: boolean; plan: Partial<RootfsPlan> }[] = [
  { name: 'a relative path starts at the bundle', config: withRoot({ path: 'a/b' }), plan: { path: '/bundle/a/b' } },
  { name: 'an absolute path stays', config: withRoot({ path: '/srv/root' }), plan: { path: '/srv/root' } },
  { name: 'readonly', config: withRoot({ path: 'rootfs', readonly: true }), plan: { isReadonly: true } },
  {
    name: 'the root directory as a read-only path',
    config: withLinux({ ...OWN_MOUNTS, readonlyPaths: ['/proc/sys', '//.'] }),
    plan: { isReadonly: true, readonlyPaths: ['/proc/sys', '//.'] },
  },
  { name: 'in a mount namespace of its own the root is pivoted', config: withLinux(OWN_MOUNTS), plan: {} },
  { name: '--no-pivot moves the root mount', config: withLinux(OWN_MOUNTS), noPivot: true, plan: { change: 'move' } },
  {
    name: "in the host's mount namespace chroot is all that is possible",
    config: withLinux({}),
    plan: { change: 'chroot' },
  },
  {
    name: 'in a joined mount namespace too, --no-pivot or not',
    config: withLinux({ namespaces: [{ type: 'mount', path: '/proc/1/ns/mnt' }] }),
    noPivot: true,
    plan: { change: 'chroot' },
  },
  {
    name: 'masked and read-only paths are taken over',
    config: withLinux({ ...OWN_MOUNTS, maskedPaths: ['/proc/kcore'], readonlyPaths: ['/proc/sys'] }),
    plan: { maskedPaths: ['/proc/kcore'], readonlyPaths: ['/proc/sys'] },
  },
];
for (const { name, config, noPivot = false, plan } of cases) {
  test(name, () => assert.equal(planRootfs(config, '/bundle', { noPivot }), { ...BARE, ...plan }));
}

const propagations: [word: string, flag: number, recursive: boolean][] = [
  ['shared', K.MS_SHARED, false],
  ['rshared', K.MS_SHARED, true],
  ['slave', K.MS_SLAVE, false],
  ['rslave', K.MS_SLAVE, true],
  ['private', K.MS_PRIVATE, false],
  ['rprivate', K.MS_PRIVATE, true],
  ['unbindable', K.MS_UNBINDABLE, false],
  ['runbindable', K.MS_UNBINDABLE, true],
];
for (const [word, flag, recursive] of propagations) {
  test(`rootfsPropagation ${word}`, () => {
    const { propagation } = planRootfs(withLinux({ rootfsPropagation: word }), '/bundle', { noPivot: false });
    assert.equal(propagation, { flag, recursive });
  });
}

test('an empty rootfsPropagation changes nothing', () => {
  const plan = planRootfs(withLinux({ rootfsPropagation: '' }), '/bundle', { noPivot: false });
  assert.is(plan.propagation, undefined);
});

test('a path is the root by its words', () => {
  const paths = ['/', '//', '/.', '/x/..', '/../', '/x/../..', '/x', '/..x', '/x/./y/..', '/...'];
  assert.equal(paths.filter(isRootPath), ['/', '//', '/.', '/x/..', '/../', '/x/../..']);
});

test.run();
