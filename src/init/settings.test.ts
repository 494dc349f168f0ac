import { closeSync, openSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { isolatedSuite, rootTest } from '../../bindings/root-suite.ts';
import type { Config } from '../bundle/config.ts';
import { Script } from '../final/script.ts';
import { samplePlan } from '../plan/fixtures/plan.ts';
import { callsOf } from './fixtures/lines.ts';
import { runScript } from './fixtures/stage.ts';
import { raiseLoopback, setHostNames, setSysctls } from './settings.ts';

// In UTS and IPC namespaces of its own, so that what the scripts set can be read here.
const test = isolatedSuite('init/settings', import.meta.path);

const read = (path: string): string => readFileSync(`/proc/sys/${path}`, 'utf8').trim();
const named = (hostname: string, domainname: string): Config => ({ ociVersion: '1.3.0', hostname, domainname });
const naming = (config: Config) => (script: Script) => setHostNames(script, samplePlan(config));
const setting = (sysctl: Record<string, string>) => (script: Script) =>
  setSysctls(script, samplePlan({ ociVersion: '1.3.0', linux: { sysctl } }));

rootTest(test, 'host names are those of the config', () => {
  assert.is(runScript(naming(named('wéb', 'test.lan'))), 'done');
  assert.equal([hostname(), read('kernel/domainname')], ['wéb', 'test.lan']);
});

rootTest(test, 'the loopback interface of a new network namespace goes up', () => {
  const plan = samplePlan({ ociVersion: '1.3.0', linux: { namespaces: [{ type: 'network' }] } });
  const build = (script: Script) => {
    script.call('unshare', [K.CLONE_NEWNET]);
    raiseLoopback(script, plan);
  };
  assert.is(runScript(build), 'done');
});

test('that of another network namespace is not touched', () => {
  for (const namespaces of [[], [{ type: 'network' as const, path: '/proc/1/ns/net' }]]) {
    const script = new Script(3);
    raiseLoopback(script, samplePlan({ ociVersion: '1.3.0', linux: { namespaces } }));
    assert.equal(callsOf(script, 'socket', 'ioctl'), []);
  }
});

rootTest(test, 'names that are not set, or empty, change nothing', () => {
  const before = hostname();
  for (const config of [named('', ''), { ociVersion: '1.3.0' }]) assert.is(runScript(naming(config)), 'done');
  assert.is(hostname(), before);
});

rootTest(test, 'a name that is too long is told by its place in the config', () => {
  const long = 'x'.repeat(65);
  assert.is(runScript(naming(named(long, ''))), `/hostname: sethostname ${long} EINVAL`);
  assert.is(runScript(naming(named('', long))), `/domainname: setdomainname ${long} EINVAL`);
});

for (const key of ['kernel.msgmax', 'kernel/msgmax']) {
  rootTest(test, `the sysctl ${key} is written`, () => {
    const value = key.includes('/') ? '4321' : '1234';
    assert.is(runScript(setting({ [key]: value })), 'done');
    assert.is(read('kernel/msgmax'), value);
  });
}

rootTest(test, "where the host's /proc is given, sysctls are written there, whatever is at its path", () => {
  const procFd = openSync('/proc', 'r');
  const build = (script: Script) => {
    script.call('unshare', [K.CLONE_NEWNS]);
    script.call('mount', [script.string('x'), script.string('/proc'), script.string('tmpfs'), 0, 0]);
    setSysctls(script, samplePlan({ ociVersion: '1.3.0', linux: { sysctl: { 'kernel.msgmax': '2345' } } }), procFd);
  };
  assert.is(runScript(build, { inherit: [procFd] }), 'done');
  assert.is(read('kernel/msgmax'), '2345');
  closeSync(procFd);
});

const missing: [key: string, path: string][] = [
  ['net.ipv4.conf.none/1.mtu', '/proc/sys/net/ipv4/conf/none.1/mtu'],
  ['net/ipv4/conf/none.1/mtu', '/proc/sys/net/ipv4/conf/none.1/mtu'],
];
for (const [key, path] of missing) {
  rootTest(test, `${key} is looked for at ${path}, and told by its name`, () => {
    assert.match(runScript(setting({ [key]: '1' })), new RegExp(`^/linux/sysctl/\\S+: openat ${path} ENOENT$`));
  });
}

rootTest(test, 'a value that the kernel refuses is told', () => {
  const line = runScript(setting({ 'kernel.msgmax': 'many' }));
  assert.is(line, '/linux/sysctl/kernel.msgmax: write /proc/sys/kernel/msgmax EINVAL');
});

test.run();
