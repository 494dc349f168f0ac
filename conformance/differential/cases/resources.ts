// config-linux.md, Control groups: paths and limits, seen in the host's cgroup tree.
import type { Resources } from '../../../src/bundle/config.ts';
import { withMounts } from '../../bundle.ts';
import { isCgroupV2 } from '../../integration/host.ts';
import type { Case } from '../case.ts';

const DENY = [{ allow: false, access: 'rwm' }];
const V1_FILES =
  'memory/memory.limit_in_bytes memory/memory.soft_limit_in_bytes memory/memory.memsw.limit_in_bytes ' +
  'memory/memory.swappiness memory/memory.oom_control memory/memory.use_hierarchy memory/memory.kmem.limit_in_bytes ' +
  'memory/memory.kmem.tcp.limit_in_bytes cpu/cpu.shares cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us ' +
  'cpu/cpu.cfs_burst_us cpu/cpu.rt_runtime_us cpu/cpu.rt_period_us cpu/cpu.idle cpuset/cpuset.cpus ' +
  'cpuset/cpuset.mems cpuset/cpuset.cpu_exclusive pids/pids.max devices/devices.list freezer/freezer.state ' +
  'blkio/blkio.throttle.read_bps_device blkio/blkio.throttle.write_bps_device ' +
  'blkio/blkio.throttle.read_iops_device blkio/blkio.throttle.write_iops_device cpu/notify_on_release';
// Without a controller before the name: the one hierarchy that all have.
const V2_FILES =
  '/memory.max /memory.high /memory.low /memory.min /memory.swap.max /memory.swap.high /memory.oom.group /cpu.weight ' +
  '/cpu.max /cpu.max.burst /cpu.idle /cpuset.cpus /cpuset.mems /cpuset.cpus.partition /pids.max /io.max /io.weight ' +
  '/io.bfq.weight /hugetlb.2MB.max /hugetlb.2MB.rsvd.max /rdma.max /misc.max /cgroup.type /cgroup.controllers ' +
  '/cgroup.subtree_control /cgroup.freeze /cgroup.max.depth /cgroup.max.descendants';

/** The mounts of a container that sees the host's cgroup tree at /cgroup, and the values of its own. */
const HOST_TREE = withMounts({
  destination: '/cgroup',
  type: 'bind',
  source: '/sys/fs/cgroup',
  options: ['rbind', 'ro', 'rslave'],
});
// `cgroup X FILE`: the file of the container's own cgroup, wherever that is.
const LOOK = (isCgroupV2 ? V2_FILES : V1_FILES).split(' ').map((file) => `cgroup ${file}`);

const of = (name: string, resources: Resources | undefined, cgroupsPath?: string): Case => ({
  name: `cgroups: ${name}`,
  changes: {
    mounts: HOST_TREE,
    linux: {
      resources: resources && { devices: DENY, ...resources },
      ...(cgroupsPath !== undefined && { cgroupsPath }),
    },
  },
  look: LOOK,
});
const MIB = 1 << 20;
const disk = (rate: number) => [{ major: 254, minor: 0, rate }];

export const RESOURCE_CASES: Case[] = [
  of('nothing', undefined),
  of('empty', {}),
  of('absolute path', {}, '/ID/inner/absolute'),
  of('relative path', {}, 'ID-relative'),
  of('relative nested path', {}, 'ID/nested/relative'),
  of('path to the outside', {}, '/../../ID/outside'),
  of('memory', { memory: { limit: 64 * MIB, reservation: 32 * MIB } }),
  of('memory and swap', { memory: { limit: 64 * MIB, swap: 128 * MIB, swappiness: 10 } }),
  of('memory unlimited', { memory: { limit: -1, swap: -1 } }),
  of('swap below limit', { memory: { limit: 64 * MIB, swap: 32 * MIB } }),
  of('no OOM killer', { memory: { limit: 64 * MIB, disableOOMKiller: true } }),
  of('kernel memory', { memory: { limit: 64 * MIB, kernel: 32 * MIB, kernelTCP: 16 * MIB } }),
  of('useHierarchy', { memory: { limit: 64 * MIB, useHierarchy: true, checkBeforeUpdate: true } }),
  of('swappiness beyond', { memory: { swappiness: 300 } }),
  of('cpu', { cpu: { shares: 512, quota: 50_000, period: 100_000 } }),
  of('cpu: quota alone', { cpu: { quota: 20_000 } }),
  of('cpu: unlimited', { cpu: { quota: -1 } }),
  of('cpu: burst', { cpu: { quota: 50_000, period: 100_000, burst: 10_000 } }),
  of('cpu: idle', { cpu: { idle: 1 } }),
  of('cpu: shares 0', { cpu: { shares: 0 } }),
  of('cpu: real time', { cpu: { realtimePeriod: 1_000_000, realtimeRuntime: 1000 } }),
  of('cpuset', { cpu: { cpus: '0', mems: '0' } }),
  of('cpuset: missing cpu', { cpu: { cpus: '4000' } }),
  of('pids', { pids: { limit: 77 } }),
  of('pids: unlimited', { pids: { limit: -1 } }),
  of('pids: 0', { pids: { limit: 0 } }),
  of('blockIO throttling', {
    blockIO: {
      throttleReadBpsDevice: disk(10 * MIB),
      throttleWriteBpsDevice: disk(20 * MIB),
      throttleReadIOPSDevice: disk(100),
      throttleWriteIOPSDevice: disk(200),
    },
  }),
  of('blockIO weight', { blockIO: { weight: 300 } }),
  of('blockIO weights of a device', {
    blockIO: { leafWeight: 200, weightDevice: [{ major: 254, minor: 0, weight: 400, leafWeight: 300 }] },
  }),
  of('hugepages', { hugepageLimits: [{ pageSize: '2MB', limit: 4 * MIB }] }),
  of('network', { network: { classID: 0x10001, priorities: [{ name: 'lo', priority: 3 }] } }),
  of('rdma', { rdma: { mlx5_1: { hcaHandles: 3, hcaObjects: 10 } } }),
  of('unified', { unified: { 'memory.high': '100000000' } }),
  of('everything', {
    memory: { limit: 128 * MIB, reservation: 64 * MIB, swap: 128 * MIB },
    cpu: { shares: 2048, quota: 100_000, period: 50_000, cpus: '0-1', mems: '0' },
    pids: { limit: 500 },
  }),
];
