// CPU time and throttling, and the CPUs of a cgroup, as `events` prints them.
import { type Exact, exact, flatKeyed, numberList, omitEmpty, type ReadFile, times } from './parse.ts';

const NS_PER_TICK = 10_000_000n; // USER_HZ is 100.
const NS_PER_US = 1000n;

/** cgroup v1: cpuacct, and the throttling of cpu. */
export function cpuV1(readCpuacct: ReadFile, readCpu: ReadFile): object {
  const ticks = flatKeyed(readCpuacct('cpuacct.stat'));
  // A head, then a line for each CPU: its number, time for users, time for the kernel.
  const each = (readCpuacct('cpuacct.usage_all') ?? '').split('\n').slice(1);
  const columns = each.map((line) => line.split(' '));
  const throttling = flatKeyed(readCpu('cpu.stat'));
  return {
    usage: {
      ...omitEmpty({
        total: exact(readCpuacct('cpuacct.usage')),
        percpu: (readCpuacct('cpuacct.usage_percpu') ?? '').split(' ').filter(Boolean).map(exact),
        percpu_kernel: columns.map(([, , system]) => exact(system)),
        percpu_user: columns.map(([, user]) => exact(user)),
      }),
      kernel: times(ticks.get('system'), NS_PER_TICK),
      user: times(ticks.get('user'), NS_PER_TICK),
    },
    throttling: throttlingOf(throttling, exact(throttling.get('throttled_time'))),
  };
}

/** cgroup v2. */
export function cpuV2(read: ReadFile): object {
  const stat = flatKeyed(read('cpu.stat'));
  const time = (key: string) => times(stat.get(key), NS_PER_US);
  return {
    usage: { ...omitEmpty({ total: time('usage_usec') }), kernel: time('system_usec'), user: time('user_usec') },
    throttling: throttlingOf(stat, time('throttled_usec')),
  };
}

function throttlingOf(stat: Map<string, string>, throttledTime: Exact): object {
  return omitEmpty({
    periods: exact(stat.get('nr_periods')),
    throttledPeriods: exact(stat.get('nr_throttled')),
    throttledTime,
  });
}

/** Both versions; what v2 does not have is 0. */
export function cpuset(read: ReadFile): object {
  const number = (name: string) => exact(read(`cpuset.${name}`));
  const list = (name: string) => numberList(read(`cpuset.${name}`) || read(`cpuset.${name}.effective`));
  return {
    ...omitEmpty({ cpus: list('cpus') }),
    cpu_exclusive: number('cpu_exclusive'),
    ...omitEmpty({ mems: list('mems') }),
    mem_hardwall: number('mem_hardwall'),
    mem_exclusive: number('mem_exclusive'),
    memory_migrate: number('memory_migrate'),
    memory_spread_page: number('memory_spread_page'),
    memory_spread_slab: number('memory_spread_slab'),
    memory_pressure: number('memory_pressure'),
    sched_load_balance: number('sched_load_balance'),
    sched_relax_domain_level: number('sched_relax_domain_level'),
  };
}
