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
  test(name, () => assert.equal(planCgroup(config, 'web1'), { path, isAbsolute, devices: [], resources: undefined }));
}

test('limits are those that have a value', () => {
  const planned = (resources: Resources) => planCgroup({ ociVersion: '1.3.0', linux: { resources } }, 'x').resources;
  assert.equal(planned({ memory: {}, hugepageLimits: [], network: { priorities: [] }, devices: [] }), undefined);
  assert.equal(planned({ pids: { limit: 0 }, devices: [] }), { pids: { limit: 0 } });
  assert.equal(planned({ devices: [{ allow: true }] }), undefined);
});

test.run();
