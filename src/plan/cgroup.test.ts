import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Config, DeviceRule, Resources } from '../bundle/config.ts';
import { planCgroup } from './cgroup.ts';

const test = suite('plan/cgroup');

const withPath = (cgroupsPath: string): Config => ({ ociVersion: '1.3.0', linux: { cgroupsPath } });
const withRules = (devices: DeviceRule[]): Config => ({ ociVersion: '1.3.0', linux: { resources: { devices } } });

const places = [
  { name: 'without cgroupsPath the id is the path', config: { ociVersion: '1.3.0' }, path: 'web1', isAbsolute: false },
  { name: 'an empty cgroupsPath counts as none', config: withPath(''), path: 'web1', isAbsolute: false },
  { name: 'a relative path stays relative', config: withPath('a/b'), path: 'a/b', isAbsolute: false },
  { name: 'an absolute path is told apart', config: withPath('/a/b'), path: '/a/b', isAbsolute: true },
];
for (const { name, config, path, isAbsolute } of places) {
  test(name, () =>
    assert.equal(planCgroup(config, 'web1'), { path, isAbsolute, deviceRules: [], resources: undefined }),
  );
}

const lines: { name: string; rule: DeviceRule; file: string; line: string }[] = [
  { name: 'a rule without a type is for all', rule: { allow: false, access: 'rwm' }, file: 'devices.deny', line: 'a' },
  { name: 'an empty type is for all', rule: { allow: false, type: '' }, file: 'devices.deny', line: 'a' },
  { name: 'type a is for all', rule: { allow: true, type: 'a', major: 1 }, file: 'devices.allow', line: 'a' },
  {
    name: 'numbers that are left out are wildcards',
    rule: { allow: true, type: 'c' },
    file: 'devices.allow',
    line: 'c *:* rwm',
  },
  {
    name: 'negative numbers are wildcards',
    rule: { allow: true, type: 'b', major: 8, minor: -1, access: 'r' },
    file: 'devices.allow',
    line: 'b 8:* r',
  },
  {
    name: 'exact numbers are written out',
    rule: { allow: false, type: 'c', major: 10, minor: 229, access: 'rw' },
    file: 'devices.deny',
    line: 'c 10:229 rw',
  },
  {
    name: 'an empty access is every access',
    rule: { allow: true, type: 'c', major: 10n, minor: 0, access: '' },
    file: 'devices.allow',
    line: 'c 10:0 rwm',
  },
];
for (const { name, rule, file, line } of lines) {
  test(name, () => {
    const [first] = planCgroup(withRules([rule]), 'web1').deviceRules;
    assert.equal(first, { file, line, label: '/linux/resources/devices/0' });
  });
}

test('the default devices come after the rules of the config, so that they stay usable', () => {
  const { deviceRules } = planCgroup(withRules([{ allow: false }, { allow: true, type: 'c' }]), 'web1');
  assert.equal(
    deviceRules.map(({ label }) => label).filter((label, i, all) => label !== all[i - 1]),
    ['/linux/resources/devices/0', '/linux/resources/devices/1', 'default devices'],
  );
  const defaults = deviceRules.filter(({ label }) => label === 'default devices');
  assert.ok(defaults.every(({ file }) => file === 'devices.allow'));
  for (const line of ['c *:* m', 'c 1:3 rwm', 'c 5:0 rwm', 'c 136:* rwm']) {
    assert.ok(
      defaults.some((rule) => rule.line === line),
      line,
    );
  }
});

test('limits are those that have a value', () => {
  const planned = (resources: Resources) => planCgroup({ ociVersion: '1.3.0', linux: { resources } }, 'x').resources;
  assert.equal(planned({ memory: {}, hugepageLimits: [], network: { priorities: [] }, devices: [] }), undefined);
  assert.equal(planned({ pids: { limit: 0 }, devices: [] }), { pids: { limit: 0 } });
});

test('an empty list of rules allows what the parent cgroup allows', () => {
  assert.equal(planCgroup(withRules([]), 'web1').deviceRules, []);
});

test.run();
