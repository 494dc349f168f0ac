// process.capabilities: the five sets, read from /proc/self/status inside.
import * as assert from 'uvu/assert';
import type { Capabilities } from '../../src/bundle/config.ts';
import { isRunts } from '../runtime.ts';
import { type CapabilityName, mask } from './capability.ts';
import { parseStatus, readText } from './host.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('capabilities');

// Without these the sets of the base config would stay.
const NONE = {
  bounding: undefined,
  effective: undefined,
  permitted: undefined,
  inheritable: undefined,
  ambient: undefined,
};

/** The sets of a process that is not a shell: exec'ing one more time would compute them anew. */
function capabilitiesOf(capabilities: Capabilities | undefined, uid = 0): Record<string, string | undefined> {
  const process = {
    args: ['cat', '/proc/self/status'],
    user: { uid, gid: uid },
    capabilities: capabilities && { ...NONE, ...capabilities },
  };
  const bundle = runtime.bundle({ process });
  const status = parseStatus(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]));
  return Object.fromEntries(['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map((key) => [key, status.get(key)]));
}

const KILL_CHOWN: CapabilityName[] = ['CAP_KILL', 'CAP_CHOWN'];

test('root gets the bounding set as permitted and effective set, as execve(2) computes it', () => {
  const some: CapabilityName[] = ['CAP_KILL', 'CAP_NET_BIND_SERVICE', 'CAP_CHECKPOINT_RESTORE'];
  assert.equal(capabilitiesOf({ bounding: some, effective: some, permitted: some }), {
    CapInh: mask(),
    CapPrm: mask(...some),
    CapEff: mask(...some),
    CapBnd: mask(...some),
    CapAmb: mask(),
  });
});

test('an unprivileged user keeps what is ambient', () => {
  const sets = { bounding: KILL_CHOWN, permitted: KILL_CHOWN, inheritable: KILL_CHOWN, effective: KILL_CHOWN };
  assert.equal(capabilitiesOf({ ...sets, ambient: ['CAP_KILL'] }, 1000), {
    CapInh: mask(...KILL_CHOWN),
    CapPrm: mask('CAP_KILL'),
    CapEff: mask('CAP_KILL'),
    CapBnd: mask(...KILL_CHOWN),
    CapAmb: mask('CAP_KILL'),
  });
});

test('an unprivileged user without ambient capabilities has none', () => {
  const sets = { bounding: KILL_CHOWN, permitted: KILL_CHOWN, effective: KILL_CHOWN };
  const found = capabilitiesOf(sets, 1000);
  assert.equal([found.CapPrm, found.CapEff, found.CapAmb], [mask(), mask(), mask()]);
  assert.is(found.CapBnd, mask(...KILL_CHOWN));
});

test('inheritable is set by itself', () => {
  const found = capabilitiesOf({ bounding: KILL_CHOWN, permitted: KILL_CHOWN, inheritable: ['CAP_CHOWN'] }, 1000);
  assert.is(found.CapInh, mask('CAP_CHOWN'));
});

test('empty sets leave nothing, even to root', () => {
  const found = capabilitiesOf({ bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] });
  for (const set of Object.values(found)) assert.is(set, mask());
});

test('without a capabilities object root has none or what the caller has, never a mix', () => {
  const { CapBnd, CapEff } = capabilitiesOf(undefined);
  const own = parseStatus(readText('/proc/self/status')).get('CapBnd');
  assert.ok(CapBnd === own || CapBnd === mask(), `${CapBnd}`);
  assert.is(CapEff, CapBnd);
});

test('the capabilities of the host are not visible in a container that has few', () => {
  const sets = { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] };
  const process = {
    args: ['sh', '-c', 'chown 1 /etc/passwd 2>&1; hostname x 2>&1; true'],
    capabilities: { ...NONE, ...sets },
  };
  const bundle = runtime.bundle({ process: { ...process, noNewPrivileges: false } });
  const text = runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(text.match(/not permitted/g)?.length, 2);
});

test('a capability that nobody knows is a warning, not an error', () => {
  const sets = { bounding: ['CAP_KILL', 'CAP_NO_SUCH'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] };
  const bundle = runtime.bundle({
    process: { args: ['cat', '/proc/self/status'], capabilities: { ...NONE, ...sets } },
  });
  const { exit, stdout, stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(exit, 0);
  assert.is(parseStatus(stdout).get('CapBnd'), mask('CAP_KILL'));
  if (isRunts) assert.match(stderr, /CAP_NO_SUCH/);
});

test('an ambient capability that is not inheritable cannot be granted: a warning, not an error', () => {
  const sets = { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'], ambient: ['CAP_KILL'] };
  assert.is(capabilitiesOf(sets).CapBnd, mask('CAP_KILL'));
});

test('an effective capability that is not permitted cannot be granted: a warning, not an error', () => {
  const found = capabilitiesOf({ bounding: KILL_CHOWN, permitted: ['CAP_KILL'], effective: KILL_CHOWN }, 0);
  assert.is(found.CapBnd, mask(...KILL_CHOWN));
});

test('noNewPrivileges true and capabilities go together', () => {
  const sets = { bounding: KILL_CHOWN, permitted: KILL_CHOWN, inheritable: KILL_CHOWN, ambient: KILL_CHOWN };
  const process = { args: ['cat', '/proc/self/status'], user: { uid: 5, gid: 5 }, capabilities: { ...NONE, ...sets } };
  const bundle = runtime.bundle({ process: { ...process, noNewPrivileges: true } });
  const status = parseStatus(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]));
  assert.is(status.get('CapAmb'), mask(...KILL_CHOWN));
  assert.is(status.get('NoNewPrivs'), '1');
});

test.run();
