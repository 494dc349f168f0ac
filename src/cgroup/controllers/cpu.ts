// linux.resources.cpu, all but the CPUs and memory nodes, to files of the cpu controller (scheduler/sched-bwc.rst,
// scheduler/sched-rt-group.rst; cgroup-v2.rst, "CPU").
import type { Cpu, Integer } from '../../bundle/config.ts';
import { type CgroupFiles, type CgroupWrite, isSet, refuse } from '../write.ts';

// kernel/sched/sched.h, MIN_SHARES and MAX_SHARES: what is outside, the kernel silently changes.
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;

/** cgroup v1. */
export function cpuV1(cpu: Cpu, { pointer }: CgroupFiles): CgroupWrite[] {
  const at = `${pointer}/cpu`;
  checkShares(cpu.shares, `${at}/shares`);
  const files: [file: string, property: keyof Cpu][] = [
    ['cpu.shares', 'shares'],
    ['cpu.cfs_period_us', 'period'],
    ['cpu.cfs_quota_us', 'quota'],
    ['cpu.cfs_burst_us', 'burst'],
    ['cpu.rt_period_us', 'realtimePeriod'],
    ['cpu.rt_runtime_us', 'realtimeRuntime'],
  ];
  const writes = files.flatMap(([file, property]) => {
    const value = cpu[property] as Integer | undefined;
    // A burst of 0 is one: it takes back what was allowed.
    const isAsked = property === 'burst' ? value !== undefined : isSet(value);
    return isAsked ? [{ file, value: String(value), pointer: `${at}/${property}` }] : [];
  });
  return [...writes, ...idle(cpu, at)];
}

/** cgroup v2. */
export function cpuV2(cpu: Cpu, cgroup: CgroupFiles): CgroupWrite[] {
  const at = `${cgroup.pointer}/cpu`;
  const { shares, burst, realtimePeriod, realtimeRuntime } = cpu;
  checkShares(shares, `${at}/shares`);
  if (isSet(realtimePeriod)) refuse(`${at}/realtimePeriod`, 'cgroup v2 has no real-time limits');
  if (isSet(realtimeRuntime)) refuse(`${at}/realtimeRuntime`, 'cgroup v2 has no real-time limits');
  const writes: CgroupWrite[] = [];
  if (isSet(shares)) {
    writes.push({ file: 'cpu.weight', value: String(weightOfShares(Number(shares))), pointer: `${at}/shares` });
  }
  writes.push(...bandwidthV2(cpu, cgroup));
  if (burst !== undefined) writes.push({ file: 'cpu.max.burst', value: String(burst), pointer: `${at}/burst` });
  return [...writes, ...idle(cpu, at)];
}

/**
 * cgroup v1's shares as cgroup v2's weight: a curve through the minima (2 and 1), the defaults (1024 and 100) and the
 * maxima (262144 and 10000) of both, as Kubernetes' KEP-2254, "Phase 1: Convert from cgroups v1 settings to v2", and
 * crun(1), "CPU controller", have it.
 */
export function weightOfShares(shares: number): number {
  if (shares <= MIN_SHARES) return 1;
  if (shares >= MAX_SHARES) return 10_000;
  const log = Math.log2(shares);
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34));
}

// cpu.max is "QUOTA PERIOD"; without the period it keeps the one it has.
function bandwidthV2({ quota, period }: Cpu, { pointer, read }: CgroupFiles): CgroupWrite[] {
  if (!isSet(quota) && !isSet(period)) return [];
  const [current = 'max'] = (read('cpu.max') ?? '').split(' ');
  const max = !isSet(quota) ? current || 'max' : quota < 0 ? 'max' : String(quota);
  const value = isSet(period) ? `${max} ${period}` : max;
  return [{ file: 'cpu.max', value, pointer: `${pointer}/cpu/${isSet(quota) ? 'quota' : 'period'}` }];
}

function idle({ idle }: Cpu, at: string): CgroupWrite[] {
  return idle === undefined ? [] : [{ file: 'cpu.idle', value: String(idle), pointer: `${at}/idle` }];
}

function checkShares(shares: Integer | undefined, pointer: string): void {
  if (!isSet(shares) || (shares >= MIN_SHARES && shares <= MAX_SHARES)) return;
  refuse(pointer, `${shares} is not from ${MIN_SHARES} to ${MAX_SHARES}`);
}
