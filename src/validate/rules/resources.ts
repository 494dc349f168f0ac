// linux.resources and linux.cgroupsPath (config-linux.md, "Control groups" to "Unified"). What depends on the cgroup
// version and on what the kernel has is checked when the cgroup is made.
import type { Cpu, Memory } from '../../bundle/config.ts';
import type { ConfigProblem } from '../../errors.ts';
import { isNumberList, NUMBER_LIST } from '../number-list.ts';
import { each, missing, pointerPart, problem, type Rule } from '../problem.ts';
import { INTERFACE_NAME, isInterfaceName } from './net-devices.ts';

const RESOURCES = '/linux/resources';

export const resourceRules: Rule[] = [
  {
    // The cgroup would be somewhere else than below the parent that the manager meant.
    name: 'cgroupsPath does not go up',
    reads: ['/linux/cgroupsPath'],
    check({ linux }) {
      const path = linux?.cgroupsPath ?? '';
      return path.split('/').includes('..') ? [problem('/linux/cgroupsPath', path, 'must not contain ".."')] : [];
    },
  },
  {
    name: 'memory and swap together are not below memory',
    reads: [`${RESOURCES}/memory`],
    check: ({ linux }) => swapBelowLimit(linux?.resources?.memory ?? {}),
  },
  {
    name: 'CPU times fit each other, CPUs and nodes are lists',
    reads: [`${RESOURCES}/cpu`],
    check: ({ linux }) => cpuProblems(linux?.resources?.cpu ?? {}),
  },
  {
    name: 'each entry of weightDevice has a weight',
    reads: [`${RESOURCES}/blockIO`],
    check: ({ linux }) =>
      each(linux?.resources?.blockIO?.weightDevice, ({ weight, leafWeight }, index) =>
        weight === undefined && leafWeight === undefined
          ? missing(`${RESOURCES}/blockIO/weightDevice/${index}`, 'must have weight or leafWeight')
          : [],
      ),
  },
  {
    name: 'huge page sizes are sizes',
    reads: [`${RESOURCES}/hugepageLimits`],
    check: ({ linux }) =>
      each(linux?.resources?.hugepageLimits, ({ pageSize }, index) => {
        const pointer = `${RESOURCES}/hugepageLimits/${index}/pageSize`;
        return PAGE_SIZE.test(pageSize)
          ? undefined
          : problem(pointer, pageSize, 'must be a size such as 64KB, 2MB or 1GB');
      }),
  },
  {
    name: 'network priorities are for interfaces',
    reads: [`${RESOURCES}/network`],
    check: ({ linux }) =>
      each(linux?.resources?.network?.priorities, ({ name }, index) =>
        isInterfaceName(name)
          ? undefined
          : problem(`${RESOURCES}/network/priorities/${index}/name`, name, INTERFACE_NAME),
      ),
  },
  {
    name: 'each RDMA device has a limit',
    reads: [`${RESOURCES}/rdma`],
    check: ({ linux }) =>
      each(Object.entries(linux?.resources?.rdma ?? {}), ([name, { hcaHandles, hcaObjects }]) => {
        const pointer = `${RESOURCES}/rdma/${pointerPart(name)}`;
        if (name === '' || /\s|\0/.test(name)) return missing(pointer, 'must be named like a device, without blanks');
        return hcaHandles === undefined && hcaObjects === undefined
          ? missing(pointer, 'must have hcaHandles or hcaObjects')
          : [];
      }),
  },
  {
    name: 'unified names files of the cgroup',
    reads: [`${RESOURCES}/unified`],
    check: ({ linux }) =>
      each(Object.entries(linux?.resources?.unified ?? {}), ([file, value]) => {
        const pointer = `${RESOURCES}/unified/${pointerPart(file)}`;
        if (!FILE_NAME.test(file)) return problem(pointer, value, 'must be for a file name such as memory.high');
        return PROCESS_FILES.has(file) ? problem(pointer, value, 'must not move or kill processes') : undefined;
      }),
  },
];

const PAGE_SIZE = /^[1-9][0-9]*[KMG]B$/;
const FILE_NAME = /^[\w-]+(?:\.[\w-]+)+$/;
// They set no parameter, and reach processes of the host: one that is moved here would end with the container.
const PROCESS_FILES = new Set(['cgroup.procs', 'cgroup.threads', 'cgroup.kill']);

// 0 counts as not set: Go programs write it for that.
function swapBelowLimit({ limit = 0, swap = 0 }: Memory): ConfigProblem[] {
  if (limit <= 0 || swap <= 0 || swap >= limit) return [];
  const rule = `must not be below limit, ${limit}: it is for memory and swap together`;
  return [problem(`${RESOURCES}/memory/swap`, swap, rule)];
}

function cpuProblems(cpu: Cpu): ConfigProblem[] {
  const { quota = 0, burst = 0, realtimeRuntime = 0, realtimePeriod = 0 } = cpu;
  const problems = [];
  if (quota > 0 && burst > quota)
    problems.push(problem(`${RESOURCES}/cpu/burst`, burst, `must not be above quota, ${quota}`));
  if (realtimePeriod > 0 && realtimeRuntime > realtimePeriod) {
    const rule = `must not be above realtimePeriod, ${realtimePeriod}`;
    problems.push(problem(`${RESOURCES}/cpu/realtimeRuntime`, realtimeRuntime, rule));
  }
  for (const name of ['cpus', 'mems'] as const) {
    const list = cpu[name];
    if (list !== undefined && !isNumberList(list))
      problems.push(problem(`${RESOURCES}/cpu/${name}`, list, NUMBER_LIST));
  }
  return problems;
}
