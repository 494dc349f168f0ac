// linux.resources.rdma to the file of the rdma controller, the same in both versions (cgroup-v1/rdma.rst).
import type { Resources } from '../../bundle/config.ts';
import type { CgroupFiles, CgroupWrite } from '../write.ts';

/** Both versions: one line for each device. */
export function rdma(limits: NonNullable<Resources['rdma']>, { pointer }: CgroupFiles): CgroupWrite[] {
  return Object.entries(limits).map(([device, { hcaHandles, hcaObjects }]) => {
    const parts = [
      device,
      ...(hcaHandles === undefined ? [] : [`hca_handle=${hcaHandles}`]),
      ...(hcaObjects === undefined ? [] : [`hca_object=${hcaObjects}`]),
    ];
    return { file: 'rdma.max', value: parts.join(' '), pointer: `${pointer}/rdma/${device}` };
  });
}
