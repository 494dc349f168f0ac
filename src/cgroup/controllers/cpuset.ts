// linux.resources.cpu.cpus and mems to files of the cpuset controller, the same in both versions (cgroup-v1/cpusets.rst;
// cgroup-v2.rst, "Cpuset").
import type { Cpu } from '../../bundle/config.ts';
import type { CgroupFiles, CgroupWrite } from '../write.ts';

/** Both versions. */
export function cpuset(cpu: Cpu, { pointer }: CgroupFiles): CgroupWrite[] {
  return (['cpus', 'mems'] as const).flatMap((property) => {
    const value = cpu[property] ?? '';
    return value === '' ? [] : [{ file: `cpuset.${property}`, value, pointer: `${pointer}/cpu/${property}` }];
  });
}
