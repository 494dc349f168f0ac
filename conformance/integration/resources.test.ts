// linux.resources: each limit is read back from the kernel, outside and inside of the container; and what cannot be set
// is an error that names it. On cgroup v1, v2 or both, as the host has it.
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { Resources } from '../../src/bundle/config.ts';
import { contentOf, hugePageSizes, placeOf, versionOf, withoutController } from './cgroup-files.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('resources');

type Files = Record<string, string>;

interface Case {
  name: string;
  resources: Resources;
  controller: string;
  v1?: Files;
  v2?: Files;
}

const MB = 1024 * 1024;
const CPUS = readFileSync('/sys/devices/system/cpu/online', 'utf8').trim();

const cases: Case[] = [
  {
    name: 'memory.limit',
    resources: { memory: { limit: 64 * MB } },
    controller: 'memory',
    v1: { 'memory.limit_in_bytes': '67108864' },
    v2: { 'memory.max': '67108864' },
  },
  {
    name: 'memory.limit -1',
    resources: { memory: { limit: -1 } },
    controller: 'memory',
    v1: { 'memory.limit_in_bytes': '9223372036854771712' },
    v2: { 'memory.max': 'max' },
  },
  {
    name: 'memory.swap, with the memory',
    resources: { memory: { limit: 64 * MB, swap: 96 * MB } },
    controller: 'memory',
    v1: { 'memory.limit_in_bytes': '67108864', 'memory.memsw.limit_in_bytes': '100663296' },
    v2: { 'memory.max': '67108864', 'memory.swap.max': '33554432' },
  },
  {
    name: 'memory.reservation',
    resources: { memory: { reservation: 32 * MB } },
    controller: 'memory',
    v1: { 'memory.soft_limit_in_bytes': '33554432' },
    v2: { 'memory.low': '33554432' },
  },
  {
    name: 'memory.swappiness',
    resources: { memory: { swappiness: 10 } },
    controller: 'memory',
    v1: { 'memory.swappiness': '10' },
  },
  {
    name: 'memory.disableOOMKiller',
    resources: { memory: { disableOOMKiller: true } },
    controller: 'memory',
    v1: { 'memory.oom_control': 'oom_kill_disable 1\nunder_oom 0\noom_kill 0' },
  },
  {
    name: 'cpu.shares',
    resources: { cpu: { shares: 512 } },
    controller: 'cpu',
    v1: { 'cpu.shares': '512' },
    v2: { 'cpu.weight': '59' },
  },
  {
    name: 'cpu.quota, period and burst',
    resources: { cpu: { quota: 40_000, period: 50_000, burst: 20_000 } },
    controller: 'cpu',
    v1: { 'cpu.cfs_quota_us': '40000', 'cpu.cfs_period_us': '50000', 'cpu.cfs_burst_us': '20000' },
    v2: { 'cpu.max': '40000 50000', 'cpu.max.burst': '20000' },
  },
  {
    name: 'cpu.quota -1 and a period',
    resources: { cpu: { quota: -1, period: 50_000 } },
    controller: 'cpu',
    v1: { 'cpu.cfs_quota_us': '-1', 'cpu.cfs_period_us': '50000' },
    v2: { 'cpu.max': 'max 50000' },
  },
  {
    name: 'cpu.idle',
    resources: { cpu: { idle: 1 } },
    controller: 'cpu',
    v1: { 'cpu.idle': '1' },
    v2: { 'cpu.idle': '1' },
  },
  {
    name: 'cpu.cpus and mems',
    resources: { cpu: { cpus: '0', mems: '0' } },
    controller: 'cpuset',
    v1: { 'cpuset.cpus': '0', 'cpuset.mems': '0' },
    v2: { 'cpuset.cpus': '0', 'cpuset.mems': '0', 'cpuset.cpus.effective': '0' },
  },
  {
    name: 'cpu.cpus, all of them',
    resources: { cpu: { cpus: CPUS } },
    controller: 'cpuset',
    v1: { 'cpuset.cpus': CPUS },
    v2: { 'cpuset.cpus': CPUS },
  },
  {
    name: 'pids.limit',
    resources: { pids: { limit: 17 } },
    controller: 'pids',
    v1: { 'pids.max': '17' },
    v2: { 'pids.max': '17' },
  },
  {
    name: 'pids.limit 0, a limit like any other',
    resources: { pids: { limit: 0 } },
    controller: 'pids',
    v1: { 'pids.max': '0' },
    v2: { 'pids.max': '0' },
  },
  {
    name: 'pids.limit -1',
    resources: { pids: { limit: -1 } },
    controller: 'pids',
    v1: { 'pids.max': 'max' },
    v2: { 'pids.max': 'max' },
  },
];

function check(pid: number, { controller, v1, v2 }: Case): void {
  const { version, outside, inside } = placeOf(pid, controller);
  const files = (version === 1 ? v1 : v2) ?? {};
  for (const [file, value] of Object.entries(files)) {
    assert.is(contentOf(outside, file), value, `${file} outside`);
    if (inside !== undefined) assert.is(contentOf(inside, file), value, `${file} inside`);
  }
}

for (const one of cases) {
  const { name, resources, controller } = one;
  const version = versionOf(controller);
  const reason =
    version !== undefined && one[`v${version}`] === undefined
      ? `cgroup v${version} has no such limit`
      : withoutController(controller);
  testUnless(reason, test, `${name} is set`, () => {
    const bundle = runtime.bundle({ process: { args: ['sleep', '60'] }, linux: { resources } });
    const id = runtime.create(bundle);
    check(runtime.state(id).pid, one);
    runtime.ok(['start', id]);
    check(runtime.state(id).pid, one);
    runtime.remove(id);
  });
}

testUnless(withoutController('hugetlb'), test, 'hugepageLimits are set, for page faults and for reservations', () => {
  const probe = runtime.running({ linux: { resources: { hugepageLimits: [] } } });
  const sizes = hugePageSizes(placeOf(runtime.state(probe).pid, 'hugetlb').outside);
  runtime.remove(probe);
  const hugepageLimits = sizes.map((pageSize) => ({ pageSize, limit: 2 ** 31 }));
  const id = runtime.running({ linux: { resources: { hugepageLimits } } });
  const { outside, version } = placeOf(runtime.state(id).pid, 'hugetlb');
  const suffix = version === 1 ? 'limit_in_bytes' : 'max';
  for (const size of sizes) {
    for (const kind of ['', 'rsvd.'])
      assert.is(contentOf(outside, `hugetlb.${size}.${kind}${suffix}`), String(2 ** 31));
  }
  runtime.remove(id);
});

// A whole disk: throttling a partition is refused.
const WHOLE_DISK = /^ *(\d+) +(\d+) .* (?:sd[a-z]|vd[a-z]|xvd[a-z]|nvme\d+n\d+|pmem\d+)$/m;
const numbers = WHOLE_DISK.exec(readFileSync('/proc/partitions', 'utf8'));
const withoutDisk = numbers === null ? 'the host has no disk' : withoutController('blkio');

testUnless(withoutDisk, test, 'blockIO throttles a disk', () => {
  const [major, minor] = [Number(numbers?.[1]), Number(numbers?.[2])];
  const throttle = (rate: number) => [{ major, minor, rate }];
  const blockIO = {
    throttleReadBpsDevice: throttle(1_000_000),
    throttleWriteBpsDevice: throttle(2_000_000),
    throttleReadIOPSDevice: throttle(100),
    throttleWriteIOPSDevice: throttle(200),
  };
  const id = runtime.running({ linux: { resources: { blockIO } } });
  const { outside, version } = placeOf(runtime.state(id).pid, 'blkio');
  if (version === 2) {
    assert.is(contentOf(outside, 'io.max'), `${major}:${minor} rbps=1000000 wbps=2000000 riops=100 wiops=200`);
  } else {
    const files = ['read_bps', 'write_bps', 'read_iops', 'write_iops'];
    assert.equal(
      files.map((file) => contentOf(outside, `blkio.throttle.${file}_device`)),
      [1_000_000, 2_000_000, 100, 200].map((rate) => `${major}:${minor} ${rate}`),
    );
  }
  runtime.remove(id);
});

const v2Controller = ['hugetlb', 'pids', 'memory', 'cpu'].find((name) => versionOf(name) === 2);
testUnless(
  v2Controller === undefined ? 'the host has no cgroup v2 controller' : undefined,
  test,
  'unified writes files as they are',
  () => {
    const file =
      { hugetlb: 'hugetlb.2MB.max', pids: 'pids.max', memory: 'memory.high', cpu: 'cpu.weight' }[v2Controller ?? ''] ??
      '';
    const value = v2Controller === 'cpu' ? '77' : '4194304';
    const id = runtime.running({ linux: { resources: { unified: { [file]: value } } } });
    assert.is(contentOf(placeOf(runtime.state(id).pid, v2Controller ?? '').outside, file), value);
    runtime.remove(id);
  },
);

const isV1 = versionOf('memory') === 1;
const refused: [name: string, resources: Resources, line: RegExp][] = [
  ['an RDMA device', { rdma: { none: { hcaHandles: 1 } } }, /\/linux\/resources\/rdma\/none: /],
  ['a leaf weight', { blockIO: { leafWeight: 10 } }, /\/linux\/resources\/blockIO\/leafWeight: /],
  ['pages of a size that is not there', { hugepageLimits: [{ pageSize: '3MB', limit: 0 }] }, /hugepageLimits\/0\//],
  ['a CPU that is not there', { cpu: { cpus: '4000' } }, /\/linux\/resources\/cpu\/cpus: write "4000" to /],
  ['a file of no controller', { unified: { 'none.max': '5' } }, /\/linux\/resources\/unified\/none\.max: /],
  ['a file that is not there', { unified: { 'hugetlb.none': '5' } }, /\/linux\/resources\/unified\/hugetlb\.none: /],
  ['too many shares', { cpu: { shares: 300_000 } }, /\/linux\/resources\/cpu\/shares: 300000 is not from 2 to 262144/],
  ...(versionOf('net_cls') === 1
    ? []
    : ([
        ['a network class', { network: { classID: 5 } }, /\/linux\/resources\/network\/classID: /],
      ] satisfies typeof refused)),
  ...(isV1
    ? []
    : ([
        ['swappiness', { memory: { swappiness: 5 } }, /\/linux\/resources\/memory\/swappiness: /],
        ['real-time limits', { cpu: { realtimeRuntime: 5 } }, /\/linux\/resources\/cpu\/realtimeRuntime: /],
      ] satisfies typeof refused)),
];
for (const [name, resources, line] of refused) {
  test(`${name} that cannot be set is an error at create, and nothing is left`, () => {
    const before = snapshot(runtime);
    const bundle = runtime.bundle({ linux: { resources } });
    assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), line);
    assert.equal(leftovers(before), []);
  });
}

test('deprecated limits are ignored with a warning', () => {
  const bundle = runtime.bundle({ linux: { resources: { memory: { kernel: 64 * MB } } } });
  const { exit, stderr } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.is(exit, 0, stderr);
  assert.match(stderr, /^runts: warning: \/linux\/resources\/memory\/kernel is ignored/);
});

test.run();
