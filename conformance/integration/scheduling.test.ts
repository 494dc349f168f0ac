// config.md, "Linux Process": scheduler, ioPriority, execCPUAffinity; config-linux.md: personality, memoryPolicy.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { ioprioGet, type SchedulingAttributes, schedGetattr } from '../../bindings/scheduling.ts';
import type { Scheduler } from '../../src/bundle/config.ts';
import type { Changes } from '../bundle.ts';
import { isRunts } from '../runtime.ts';
import { parseStatus, readText } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('scheduling');
const runcLacks = isRunts ? undefined : 'runc 1.1 does not know it';

// On cgroup v1 with CONFIG_RT_GROUP_SCHED a new cgroup has no real-time CPU time.
const groupsRealtime = existsSync('/sys/fs/cgroup/cpu/cpu.rt_runtime_us');
const realtime: Changes = groupsRealtime
  ? { linux: { resources: { cpu: { realtimePeriod: 1_000_000, realtimeRuntime: 10_000 } } } }
  : {};

function attributesWith(scheduler: Scheduler, changes: Changes = {}): SchedulingAttributes {
  const id = runtime.running({ ...changes, process: { ...changes.process, scheduler } });
  const attributes = schedGetattr(runtime.state(id).pid);
  runtime.remove(id);
  return attributes;
}

const NONE = { flags: 0, nice: 0, priority: 0, deadline: 0n, period: 0n };
type Expected = Omit<SchedulingAttributes, 'runtime'>;

const POLICIES: [scheduler: Scheduler, expected: Expected][] = [
  [{ policy: 'SCHED_OTHER' }, { ...NONE, policy: 0 }],
  [
    { policy: 'SCHED_OTHER', nice: 7 },
    { ...NONE, policy: 0, nice: 7 },
  ],
  [
    { policy: 'SCHED_OTHER', nice: -3 },
    { ...NONE, policy: 0, nice: -3 },
  ],
  [
    { policy: 'SCHED_BATCH', nice: 19 },
    { ...NONE, policy: 3, nice: 19 },
  ],
  [{ policy: 'SCHED_IDLE' }, { ...NONE, policy: 5 }],
  [
    { policy: 'SCHED_BATCH', flags: ['SCHED_FLAG_RESET_ON_FORK'] },
    { ...NONE, policy: 3, flags: 1 },
  ],
  // For deadlines only; the policy and the times that the process has already.
  [
    { policy: 'SCHED_OTHER', flags: ['SCHED_FLAG_RECLAIM', 'SCHED_FLAG_DL_OVERRUN'] },
    { ...NONE, policy: 0 },
  ],
  [
    { policy: 'SCHED_OTHER', nice: 4, flags: ['SCHED_FLAG_KEEP_POLICY'] },
    { ...NONE, policy: 0, nice: 4 },
  ],
  [
    { policy: 'SCHED_OTHER', nice: 4, flags: ['SCHED_FLAG_KEEP_PARAMS'] },
    { ...NONE, policy: 0 },
  ],
];
for (const [scheduler, expected] of POLICIES) {
  testUnless(runcLacks, test, `scheduler ${JSON.stringify(scheduler)}`, () => {
    const { runtime: _, ...attributes } = attributesWith(scheduler);
    assert.equal(attributes, expected);
  });
}

const REALTIME: [scheduler: Scheduler, expected: Expected][] = [
  [
    { policy: 'SCHED_FIFO', priority: 10 },
    { ...NONE, policy: 1, priority: 10 },
  ],
  [
    { policy: 'SCHED_RR', priority: 99, flags: ['SCHED_FLAG_RESET_ON_FORK'] },
    { ...NONE, policy: 2, priority: 99, flags: 1 },
  ],
];
for (const [scheduler, expected] of REALTIME) {
  testUnless(runcLacks, test, `scheduler ${JSON.stringify(scheduler)}`, () => {
    const { runtime: _, ...attributes } = attributesWith(scheduler, realtime);
    assert.equal(attributes, expected);
  });
}

const deadline: Scheduler = {
  policy: 'SCHED_DEADLINE',
  flags: ['SCHED_FLAG_RESET_ON_FORK', 'SCHED_FLAG_RECLAIM', 'SCHED_FLAG_DL_OVERRUN'],
  runtime: 1_000_000,
  deadline: 20_000_000,
  period: 50_000_000,
};

testUnless(runcLacks, test, 'scheduler SCHED_DEADLINE with its times and flags', () => {
  const attributes = attributesWith(deadline);
  const times = { runtime: 1_000_000n, deadline: 20_000_000n, period: 50_000_000n };
  assert.equal(attributes, { policy: 6, flags: 7, nice: 0, priority: 0, ...times });
});

const idMap = [{ containerID: 0, hostID: 100_000, size: 65_536 }];

testUnless(runcLacks, test, 'the root of a user namespace gets a priority that it could not take itself', () => {
  const id = runtime.id();
  const namespaces = ['user', 'pid', 'mount', 'ipc', 'uts'].map((type) => ({ type }) as { type: 'user' });
  const scheduler = { policy: 'SCHED_OTHER', nice: -10 };
  const { directory, rootfs } = runtime.bundle({
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
    process: { args: ['sleep', '60'], scheduler, ioPriority: { class: 'IOPRIO_CLASS_RT', priority: 2 } },
    linux: { namespaces, uidMappings: idMap, gidMappings: idMap, maskedPaths: [], readonlyPaths: [] },
  });
  Bun.spawnSync(['chown', '-R', '100000:100000', rootfs]);
  for (let path = rootfs; path.startsWith(runtime.folder); path = join(path, '..')) {
    Bun.spawnSync(['chmod', 'a+x', path]);
  }
  runtime.ok(['run', '--detach', '--bundle', directory, id]);
  const { pid } = runtime.state(id);
  assert.equal([schedGetattr(pid).nice, ioprioGet(pid)], [-10, (1 << 13) | 2]);
  runtime.remove(id);
});

testUnless(runcLacks, test, 'a policy that the kernel refuses is an error at create, and nothing is left', () => {
  const before = snapshot(runtime);
  // kernel.sched_deadline_period_max_us is 4 seconds.
  const slow = { ...deadline, period: 10_000_000_000 };
  const bundle = runtime.bundle({ process: { scheduler: slow } });
  const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
  assert.match(line, /\/process\/scheduler: sched_setattr EINVAL/);
  assert.equal(leftovers(before), []);
});

testUnless(
  runcLacks ?? (groupsRealtime ? undefined : 'the kernel does not group real-time processes'),
  test,
  'without real-time CPU time in the cgroup the error says what is missing',
  () => {
    const bundle = runtime.bundle({ process: { scheduler: { policy: 'SCHED_FIFO', priority: 1 } } });
    const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
    assert.match(line, /\/process\/scheduler: sched_setattr EPERM — .*realtimeRuntime/);
  },
);

testUnless(
  runcLacks,
  test,
  'utilization clamps are asked of the kernel; one without them is an error that says so',
  () => {
    const flags = ['SCHED_FLAG_UTIL_CLAMP_MIN', 'SCHED_FLAG_UTIL_CLAMP_MAX'];
    const bundle = runtime.bundle({ process: { scheduler: { policy: 'SCHED_OTHER', flags } } });
    const run = ['run', '--bundle', bundle.directory, runtime.id()];
    if (existsSync('/proc/sys/kernel/sched_util_clamp_min')) runtime.ok(run);
    else assert.match(runtime.fails(run), /\/process\/scheduler: sched_setattr EOPNOTSUPP — .*CONFIG_UCLAMP_TASK/);
  },
);

testUnless(runcLacks, test, 'SCHED_ISO, which Linux does not have, is refused', () => {
  const bundle = runtime.bundle({ process: { scheduler: { policy: 'SCHED_ISO' } } });
  assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), /\/process\/scheduler\/policy/);
});

const PRIORITIES: [name: string, priority: number, value: number][] = [
  ['IOPRIO_CLASS_RT', 0, 1 << 13],
  ['IOPRIO_CLASS_BE', 7, (2 << 13) | 7],
  ['IOPRIO_CLASS_IDLE', 4, (3 << 13) | 4],
];
for (const [name, priority, value] of PRIORITIES) {
  testUnless(runcLacks, test, `ioPriority ${name} ${priority}`, () => {
    const id = runtime.running({ process: { ioPriority: { class: name, priority } } });
    assert.is(ioprioGet(runtime.state(id).pid), value);
    runtime.remove(id);
  });
}

const onlyOne = readText('/sys/devices/system/cpu/online').trim() === '0' ? 'there is one CPU only' : undefined;
const allowed = (): string => parseStatus(readText('/proc/self/status')).get('Cpus_allowed_list') ?? '';

testUnless(onlyOne ?? runcLacks, test, 'what CPUs the caller was bound to does not matter', () => {
  const found = runtime.inside('grep Cpus_allowed_list /proc/self/status', {}, { wrapper: ['taskset', '-c', '0'] });
  assert.is(found, `Cpus_allowed_list:\t${allowed()}\n`);
});

testUnless(onlyOne ?? runcLacks, test, 'execCPUAffinity does not apply to the container process', () => {
  const execCPUAffinity = { initial: '0', final: '0' };
  const found = runtime.inside('grep Cpus_allowed_list /proc/self/status', { process: { execCPUAffinity } });
  assert.is(found, `Cpus_allowed_list:\t${allowed()}\n`);
});

testUnless(runcLacks, test, 'execCPUAffinity that is no list is refused by its place', () => {
  const bundle = runtime.bundle({ process: { execCPUAffinity: { final: '0-' } } });
  const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
  assert.match(line, /\/process\/execCPUAffinity\/final/);
});

const is64 = process.arch === 'x64' ? undefined : 'not every arm64 has a 32-bit personality';
testUnless(is64 ?? runcLacks, test, 'personality LINUX32 shows a 32-bit machine', () => {
  assert.is(runtime.inside('uname -m', { linux: { personality: { domain: 'LINUX32' } } }), 'i686\n');
});

testUnless(runcLacks, test, 'personality LINUX is the usual one', () => {
  const linux = { personality: { domain: 'LINUX', flags: [] } };
  assert.is(runtime.inside('cat /proc/1/personality', { linux }), '00000000\n');
});

testUnless(runcLacks, test, 'flags of a personality are refused: the specification has none', () => {
  const bundle = runtime.bundle({ linux: { personality: { domain: 'LINUX', flags: ['ADDR_NO_RANDOMIZE'] } } });
  const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
  assert.match(line, /\/linux\/personality\/flags/);
});

const noNuma = existsSync('/proc/self/numa_maps') ? undefined : 'the kernel has no NUMA';
const MEMORY_POLICIES: [policy: { mode: string; nodes?: string; flags?: string[] }, shown: string][] = [
  [{ mode: 'MPOL_DEFAULT' }, 'default'],
  [{ mode: 'MPOL_LOCAL' }, 'local'],
  [{ mode: 'MPOL_PREFERRED', nodes: '0' }, 'prefer:0'],
  [{ mode: 'MPOL_BIND', nodes: '0', flags: ['MPOL_F_STATIC_NODES'] }, 'bind=static:0'],
  [{ mode: 'MPOL_INTERLEAVE', nodes: '0', flags: ['MPOL_F_RELATIVE_NODES'] }, 'interleave=relative:0'],
  [{ mode: 'MPOL_PREFERRED_MANY', nodes: '0' }, 'prefer (many):0'],
];
const [major = 0, minor = 0] = readText('/proc/sys/kernel/osrelease').split('.').map(Number);
// set_mempolicy(2): what came with Linux 6.9.
if (major > 6 || (major === 6 && minor >= 9)) {
  MEMORY_POLICIES.push(
    [{ mode: 'MPOL_WEIGHTED_INTERLEAVE', nodes: '0' }, 'weighted interleave:0'],
    [{ mode: 'MPOL_BIND', nodes: '0', flags: ['MPOL_F_NUMA_BALANCING'] }, 'bind=balancing:0'],
  );
}
for (const [memoryPolicy, shown] of MEMORY_POLICIES) {
  testUnless(noNuma ?? runcLacks, test, `memoryPolicy ${JSON.stringify(memoryPolicy)} is the program's`, () => {
    const maps = runtime.inside('grep heap /proc/self/numa_maps', { linux: { memoryPolicy } });
    assert.ok(maps.includes(` ${shown} `), maps);
  });
}

testUnless(noNuma ?? runcLacks, test, 'a memory policy with a node that does not exist is an error at create', () => {
  const bundle = runtime.bundle({ linux: { memoryPolicy: { mode: 'MPOL_BIND', nodes: '900' } } });
  const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
  assert.match(line, /\/linux\/memoryPolicy: set_mempolicy MPOL_BIND 900 EINVAL$/);
});

test('commandLine means nothing on Linux', () => {
  assert.is(runtime.inside('echo fine', { process: { commandLine: 'cmd.exe /c dir' } }), 'fine\n');
});

test.run();
