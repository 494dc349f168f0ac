import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Process } from '../bundle/config.ts';
import type { HostFacts } from './host-facts.ts';
import { type ProcessPlan, planProcess } from './process.ts';
import { RLIMITS } from './rlimits.ts';

const test = suite('plan/process');

const HOST: HostFacts = {
  uid: 0,
  grantableCapabilities: 0b11n,
  lastCapability: 40,
  umask: 0o027,
  openFiles: { soft: 1024n, hard: 4096n },
  ignoredSignals: [],
  isInitialUser: true,
  hasKcore: false,
};

function plan(process: Partial<Process>, warnings: string[] = []): ProcessPlan {
  const planned = planProcess({ ociVersion: '1.3.0', process: { cwd: '/', ...process } }, HOST, {
    warnings,
    listenFds: 0,
  });
  if (planned === undefined) throw new Error('no plan');
  return planned;
}

test('a config without a process has no plan for one', () => {
  assert.is(planProcess({ ociVersion: '1.3.0' }, HOST, { warnings: [], listenFds: 0 }), undefined);
});

const OPEN_FILES = { label: 'RLIMIT_NOFILE', resource: 7, soft: 1024n, hard: 4096n };
const NO_CAPABILITIES = { bounding: 0n, effective: 0n, inheritable: 0n, permitted: 0n, ambient: 0n };

test('what the config leaves out has defaults', () => {
  assert.equal(plan({ args: ['/bin/true'] }), {
    args: ['/bin/true'],
    env: [],
    needsHome: true,
    cwd: '/',
    executables: ['/bin/true'],
    uid: 0,
    gid: 0,
    additionalGids: [],
    umask: 0o027,
    capabilities: NO_CAPABILITIES,
    rlimits: [OPEN_FILES],
    noNewPrivileges: false,
    oomScoreAdj: undefined,
    scheduler: undefined,
    ioPriority: undefined,
    terminal: undefined,
    apparmorProfile: undefined,
    selinuxLabel: undefined,
  });
});

test('what the config says is taken over', () => {
  const user = { uid: 1, gid: 2, umask: 0o077, additionalGids: [3, 4] };
  const { uid, gid, umask, additionalGids, ...rest } = plan({
    user,
    cwd: '/srv',
    noNewPrivileges: true,
    oomScoreAdj: -5,
  });
  assert.equal({ uid, gid, umask, additionalGids }, user);
  assert.equal([rest.cwd, rest.noNewPrivileges, rest.oomScoreAdj], ['/srv', true, -5]);
});

test('of variables with the same name the last counts, as for other runtimes', () => {
  const { env } = plan({ env: ['A=1', 'B=', 'A=2', 'B=', 'C=3'] });
  assert.equal(env, ['A=2', 'B=', 'C=3']);
});

test('an umask of 0 is an umask', () => assert.is(plan({ user: { umask: 0 } }).umask, 0));

test('capabilities that cannot be granted are warned of', () => {
  const warnings: string[] = [];
  assert.is(plan({ capabilities: { bounding: ['CAP_CHOWN', 'CAP_KILL'] } }, warnings).capabilities.bounding, 1n);
  assert.equal(warnings, ['/process/capabilities: CAP_KILL cannot be granted, ignored']);
});

const searches: { name: string; args: string[]; env: string[]; executables: string[] }[] = [
  {
    name: 'a name without a slash is looked for in PATH',
    args: ['sh', '-c', 'true'],
    env: ['A=1', 'PATH=/usr/bin:/bin'],
    executables: ['/usr/bin/sh', '/bin/sh'],
  },
  { name: 'an absolute path is taken as it is', args: ['/bin/sh'], env: ['PATH=/usr/bin'], executables: ['/bin/sh'] },
  { name: 'any slash makes a path', args: ['bin/sh'], env: ['PATH=/usr/bin'], executables: ['bin/sh'] },
  {
    name: 'an empty folder in PATH is the working directory',
    args: ['sh'],
    env: ['PATH=/bin::/sbin'],
    executables: ['/bin/sh', './sh', '/sbin/sh'],
  },
  { name: 'of several PATHs the last counts', args: ['sh'], env: ['PATH=/a', 'PATH=/b'], executables: ['/b/sh'] },
];
for (const { name, args, env, executables } of searches) {
  test(name, () => assert.equal(plan({ args, env }).executables, executables));
}

test("limits keep 64 bits, and the caller's limit of open files is added", () => {
  assert.equal(plan({ rlimits: [{ type: 'RLIMIT_CORE', soft: 0, hard: 18446744073709551615n }] }).rlimits, [
    { label: '/process/rlimits/0 (RLIMIT_CORE)', resource: 4, soft: 0n, hard: 18446744073709551615n },
    OPEN_FILES,
  ]);
});

test("a configured limit of open files takes the place of the caller's", () => {
  assert.equal(plan({ rlimits: [{ type: 'RLIMIT_NOFILE', soft: 5, hard: 6 }] }).rlimits, [
    { label: '/process/rlimits/0 (RLIMIT_NOFILE)', resource: 7, soft: 5n, hard: 6n },
  ]);
});

for (const [name, number] of [
  ['RLIMIT_CPU', 0],
  ['RLIMIT_NOFILE', 7],
  ['RLIMIT_RTTIME', 15],
] as const) {
  test(`${name} is number ${number}`, () => assert.is(RLIMITS.indexOf(name), number));
}

test.run();
