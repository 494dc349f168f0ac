import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Config } from '../bundle/config.ts';
import { defaultConfig } from '../operate/spec.ts';
import type { HostFacts } from './host-facts.ts';
import { makePlan, type PlanOptions } from './plan.ts';

const test = suite('plan/plan');

const HOST: HostFacts = {
  uid: 0,
  grantableCapabilities: 1n,
  lastCapability: 40,
  umask: 0o022,
  openFiles: { soft: 1024n, hard: 4096n },
  ignoredSignals: [13],
  isInitialUser: true,
  hasKcore: false,
};
const NAMES = { id: 'web1', bundle: '/bundle' };
const OPTIONS: PlanOptions = { ...NAMES, noPivot: false, noNewKeyring: false, preserveFds: 0, listenFds: 0 };

test('a config with nothing in it has a plan', () => {
  const plan = makePlan({ ociVersion: '1.3.0' }, HOST, OPTIONS);
  const { process, hostname, domainname, sysctl, hooks, mounts, warnings } = plan;
  assert.equal(
    [process, hostname, domainname, sysctl, hooks, mounts, warnings],
    [...[undefined, undefined, undefined], ...[[], {}, [], []]],
  );
});

test('what `spec` writes has a plan', () => {
  const config = defaultConfig();
  const plan = makePlan({ ...config, process: { cwd: '/', ...config.process } }, HOST, OPTIONS);
  assert.equal([plan.id, plan.bundle, plan.hostname, plan.mounts.length], ['web1', '/bundle', 'runts', 7]);
  assert.is(plan.rootfs.path, '/bundle/rootfs');
  assert.is(plan.warnings.length, 3);
});

test('in a user namespace all capabilities can be granted, and device rules are left out for a user', () => {
  const process = { cwd: '/', capabilities: { bounding: ['CAP_SYS_ADMIN'] } };
  const mapping = [{ containerID: 0, hostID: 1000, size: 1 }];
  const linux = {
    ...{ namespaces: [{ type: 'user' as const }], uidMappings: mapping, gidMappings: mapping },
    resources: { devices: [{ allow: false }] },
  };
  const plan = makePlan({ ociVersion: '1.3.0', process, linux }, { ...HOST, uid: 1000 }, OPTIONS);
  assert.is(plan.process?.capabilities.bounding, 1n << 21n);
  assert.equal(plan.cgroup.devices, []);
  assert.equal(plan.warnings, ['/linux/resources/devices: rules for devices need root, left out']);
  assert.equal([plan.isRootless, plan.opensSources], [true, false]);
  assert.is(makePlan({ ociVersion: '1.3.0', process, linux }, HOST, OPTIONS).cgroup.devices.length, 1);
});

test('host names, sysctls and hooks are taken over', () => {
  const config: Config = {
    ociVersion: '1.3.0',
    hostname: 'a',
    domainname: 'b',
    hooks: { poststop: [{ path: '/bin/true' }] },
    linux: { sysctl: { 'net.ipv4.ip_forward': '1' } },
  };
  const { hostname, domainname, hooks, sysctl } = makePlan(config, HOST, OPTIONS);
  assert.equal(
    {
      hostname,
      domainname,
      hooks,
      linux: { sysctl: Object.fromEntries(sysctl.map(({ name, value }) => [name, value])) },
    },
    {
      ...{ hostname: 'a', domainname: 'b', hooks: config.hooks, linux: config.linux },
    },
  );
});

test('options and facts that only the final program needs are passed on', () => {
  const plan = makePlan({ ociVersion: '1.3.0' }, HOST, { ...OPTIONS, noNewKeyring: true, preserveFds: 2 });
  const { newKeyring, preserveFds, lastCapability, ignoredSignals } = plan;
  assert.equal([newKeyring, preserveFds, lastCapability, ignoredSignals], [false, 2, 40, [13]]);
});

test.run();
