import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Config, Resources } from '../bundle/config.ts';
import { planCgroup } from './cgroup.ts';

const test = suite('plan/cgroup');

const withPath = (cgroupsPath: string): Config => ({ ociVersion: '1.3.0', linux: { cgroupsPath } });

const places = [
  { name: 'without cgroupsPath the id is the path', config: { ociVersion: '1.3.0' }, path: 'web1', isAbsolute: false },
  { name: 'an empty cgroupsPath counts as none', config: withPath(''), path: 'web1', isAbsolute: false },
  { name: 'a relative path stays relative', config: withPath('a/b'), path: 'a/b', isAbsolute: false },
  { name: 'an absolute path is told apart', config: withPath('/a/b'), path: '/a/b', isAbsolute: true },
];
for (const { name, config, path, isAbsolute } of places) {
  const rest = { isConfigured: path !== 'web1', devices: [], resources: undefined, owner: undefined };
  test(name, () => assert.equal(planCgroup(config, 'web1'), { path, isAbsolute, ...rest }));
}

test('limits are those that have a value', () => {
  const planned = (resources: Resources) => planCgroup({ ociVersion: '1.3.0', linux: { resources } }, 'x').resources;
  assert.equal(planned({ memory: {}, hugepageLimits: [], network: { priorities: [] }, devices: [] }), undefined);
  assert.equal(planned({ pids: { limit: 0 }, devices: [] }), { pids: { limit: 0 } });
  assert.equal(planned({ devices: [{ allow: true }] }), undefined);
});

const CGROUP_MOUNT = { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid'] };
const NAMESPACES = [{ type: 'cgroup' as const }];
const MAPS = [
  { containerID: 0, hostID: 100_000, size: 10 },
  { containerID: 1000, hostID: 300_000, size: 1 },
];
const inUser = { namespaces: [...NAMESPACES, { type: 'user' as const }], uidMappings: MAPS };

const owners: { name: string; config: Partial<Config>; owner: number | undefined }[] = [
  { name: 'the user of the process', config: {}, owner: 1000 },
  { name: 'root owns it already', config: { process: { cwd: '/', user: { uid: 0 } } }, owner: undefined },
  { name: 'a uid of a new user namespace is mapped', config: { linux: inUser }, owner: 300_000 },
  { name: 'so is its root', config: { linux: inUser, process: { cwd: '/' } }, owner: 100_000 },
  { name: 'what is not mapped', config: { linux: inUser, process: { cwd: '/', user: { uid: 10 } } }, owner: undefined },
  {
    name: 'a user namespace that is joined',
    config: { linux: { ...inUser, namespaces: [...NAMESPACES, { type: 'user', path: '/u' }] } },
    owner: undefined,
  },
  { name: 'no cgroup namespace', config: { linux: { namespaces: [] } }, owner: undefined },
  {
    name: 'a cgroup namespace that is joined',
    config: { linux: { namespaces: [{ type: 'cgroup', path: '/c' }] } },
    owner: undefined,
  },
  { name: 'a read-only mount', config: { mounts: [{ ...CGROUP_MOUNT, options: ['ro'] }] }, owner: undefined },
  { name: 'no mount', config: { mounts: [] }, owner: undefined },
];
for (const { name, config, owner } of owners) {
  test(`${owner === undefined ? 'the owner stays' : `the owner becomes ${owner}`}: ${name}`, () => {
    const base: Config = {
      ociVersion: '1.3.0',
      process: { cwd: '/', user: { uid: 1000 } },
      mounts: [CGROUP_MOUNT],
      linux: { namespaces: NAMESPACES },
    };
    assert.is(planCgroup({ ...base, ...config }, 'x').owner, owner);
  });
}

test.run();
