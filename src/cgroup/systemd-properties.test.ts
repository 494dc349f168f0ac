import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Resources } from '../bundle/config.ts';
import { bitsOf, GROUPS, isAffected, type Property, propertiesOf } from './systemd-properties.ts';

const test = suite('cgroup/systemd-properties');
const INFINITY = 2n ** 64n - 1n;

const cases: { name: string; version: 'v1' | 'v2'; files: Record<string, string>; properties: Property[] }[] = [
  { name: 'a cgroup without files', version: 'v2', files: {}, properties: [] },
  {
    name: 'memory',
    version: 'v2',
    files: { 'memory.max': '4096', 'memory.low': '0', 'memory.high': 'max', 'memory.swap.max': '1' },
    properties: [
      ['MemoryLow', ['t', 0n]],
      ['MemoryHigh', ['t', INFINITY]],
      ['MemoryMax', ['t', 4096n]],
      ['MemorySwapMax', ['t', 1n]],
    ],
  },
  {
    name: 'no limit for memory on v1',
    version: 'v1',
    files: { 'memory.limit_in_bytes': '9223372036854771712' },
    properties: [['MemoryLimit', ['t', INFINITY]]],
  },
  {
    name: 'CPU',
    version: 'v2',
    files: { 'cpu.weight': '79', 'cpu.max': '50000 200000', 'cpu.idle': '0' },
    properties: [
      ['CPUWeight', ['t', 79n]],
      ['CPUQuotaPeriodUSec', ['t', 200_000n]],
      ['CPUQuotaPerSecUSec', ['t', 250_000n]],
    ],
  },
  {
    name: 'a quota is rounded up to whole percents',
    version: 'v1',
    files: { 'cpu.shares': '1024', 'cpu.cfs_quota_us': '1001', 'cpu.cfs_period_us': '100000' },
    properties: [
      ['CPUShares', ['t', 1024n]],
      ['CPUQuotaPeriodUSec', ['t', 100_000n]],
      ['CPUQuotaPerSecUSec', ['t', 20_000n]],
    ],
  },
  {
    name: 'no quota',
    version: 'v2',
    files: { 'cpu.max': 'max 100000' },
    properties: [
      ['CPUQuotaPeriodUSec', ['t', 100_000n]],
      ['CPUQuotaPerSecUSec', ['t', INFINITY]],
    ],
  },
  {
    name: 'CPUs and memory nodes',
    version: 'v2',
    files: { 'cpuset.cpus': '0,2-3,9', 'cpuset.mems': '' },
    properties: [['AllowedCPUs', ['ay', Uint8Array.of(0b1101, 0b10)]]],
  },
  { name: 'processes', version: 'v2', files: { 'pids.max': '12' }, properties: [['TasksMax', ['t', 12n]]] },
  { name: 'no process is no property', version: 'v2', files: { 'pids.max': '0' }, properties: [] },
  {
    name: 'I/O',
    version: 'v2',
    files: { 'io.weight': 'default 50\n8:0 70', 'io.max': '8:0 rbps=1 wbps=max riops=max wiops=2\n8:16 rbps=3' },
    properties: [
      ['IOWeight', ['t', 50n]],
      ['IODeviceWeight', ['a(st)', [['/dev/block/8:0', 70n]]]],
      [
        'IOReadBandwidthMax',
        [
          'a(st)',
          [
            ['/dev/block/8:0', 1n],
            ['/dev/block/8:16', 3n],
          ],
        ],
      ],
      ['IOWriteIOPSMax', ['a(st)', [['/dev/block/8:0', 2n]]]],
    ],
  },
  {
    name: 'I/O on v1',
    version: 'v1',
    files: { 'blkio.bfq.weight': '100', 'blkio.throttle.read_bps_device': '8:0 5' },
    properties: [
      ['BlockIOWeight', ['t', 100n]],
      ['BlockIOReadBandwidth', ['a(st)', [['/dev/block/8:0', 5n]]]],
    ],
  },
];
for (const { name, version, files, properties } of cases) {
  test(`${version}: ${name}`, () => {
    const mirrors = GROUPS.flatMap((group) => group[version]);
    assert.equal(
      propertiesOf(mirrors, (file) => files[file]),
      properties,
    );
  });
}

const affected: { resources: Resources; controllers: string[] }[] = [
  { resources: {}, controllers: [] },
  { resources: { hugepageLimits: [] }, controllers: [] },
  { resources: { cpu: { shares: 2 } }, controllers: ['cpuset', 'cpu'] },
  { resources: { pids: { limit: 1 }, unified: { 'memory.high': '1' } }, controllers: ['pids', 'memory'] },
];
for (const { resources, controllers } of affected) {
  test(`${JSON.stringify(resources)} changes files of ${controllers.join(' and ') || 'none'}`, () => {
    const groups = GROUPS.filter((group) => isAffected(group, resources));
    assert.equal(
      groups.map(({ controller }) => controller),
      controllers,
    );
  });
}

test('lists of CPUs are bits', () => {
  assert.equal(bitsOf('0'), Uint8Array.of(1));
  assert.equal(bitsOf('7-8'), Uint8Array.of(0x80, 1));
});

test.run();
