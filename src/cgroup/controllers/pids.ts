// linux.resources.pids to the file of the pids controller, the same in both versions (cgroup-v1/pids.rst).
import type { Resources } from '../../bundle/config.ts';
import { type CgroupFiles, type CgroupWrite, orMax } from '../write.ts';

/** Both versions. config-linux.md, PIDs: 0 is a limit like any other. */
export function pids({ limit }: NonNullable<Resources['pids']>, { pointer }: CgroupFiles): CgroupWrite[] {
  return limit === undefined ? [] : [{ file: 'pids.max', value: orMax(limit), pointer: `${pointer}/pids/limit` }];
}
