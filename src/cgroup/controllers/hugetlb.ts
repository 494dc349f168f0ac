// linux.resources.hugepageLimits to files of the hugetlb controller (cgroup-v1/hugetlb.rst; cgroup-v2.rst, "HugeTLB").
import type { Resources } from '../../bundle/config.ts';
import { type CgroupFiles, type CgroupWrite, refuse } from '../write.ts';

type Limits = NonNullable<Resources['hugepageLimits']>;

/** cgroup v1. */
export function hugetlbV1(limits: Limits, cgroup: CgroupFiles): CgroupWrite[] {
  return writes(limits, 'limit_in_bytes', cgroup);
}

/** cgroup v2. */
export function hugetlbV2(limits: Limits, cgroup: CgroupFiles): CgroupWrite[] {
  return writes(limits, 'max', cgroup);
}

// config-linux.md, Huge page limits: for reservations if the kernel can, else for page faults. Both get the limit where
// both are there: pages that are used without a reservation are charged to either.
function writes(limits: Limits, suffix: string, { pointer, read }: CgroupFiles): CgroupWrite[] {
  return limits.flatMap(({ pageSize, limit }, index) => {
    const at = `${pointer}/hugepageLimits/${index}`;
    const files = [`hugetlb.${pageSize}.${suffix}`, `hugetlb.${pageSize}.rsvd.${suffix}`];
    const known = files.filter((file) => read(file) !== undefined);
    if (known.length === 0) refuse(`${at}/pageSize`, `the host limits no huge pages of ${pageSize}`);
    return known.map((file) => ({ file, value: String(limit), pointer: `${at}/limit` }));
  });
}
