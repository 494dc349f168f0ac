// linux.resources.network to files of the v1 controllers net_cls and net_prio (cgroup-v1/net_cls.rst, net_prio.rst).
import type { Resources } from '../../bundle/config.ts';
import { type CgroupFiles, type CgroupWrite, isSet, refuse } from '../write.ts';

type Network = NonNullable<Resources['network']>;

/** cgroup v1, net_cls. */
export function netClsV1({ classID }: Network, { pointer }: CgroupFiles): CgroupWrite[] {
  if (!isSet(classID)) return [];
  return [{ file: 'net_cls.classid', value: String(classID), pointer: `${pointer}/network/classID` }];
}

/** cgroup v1, net_prio. */
export function netPrioV1({ priorities = [] }: Network, { pointer }: CgroupFiles): CgroupWrite[] {
  return priorities.map(({ name, priority }, index) => {
    const at = `${pointer}/network/priorities/${index}`;
    return { file: 'net_prio.ifpriomap', value: `${name} ${priority}`, pointer: at };
  });
}

/** cgroup v2 has neither controller. */
export function netClsV2(network: Network, cgroup: CgroupFiles): CgroupWrite[] {
  for (const { pointer } of netClsV1(network, cgroup)) refuse(pointer, 'cgroup v2 has no network classes');
  return [];
}

/** cgroup v2 has neither controller. */
export function netPrioV2(network: Network, cgroup: CgroupFiles): CgroupWrite[] {
  for (const { pointer } of netPrioV1(network, cgroup)) refuse(pointer, 'cgroup v2 has no network priorities');
  return [];
}
