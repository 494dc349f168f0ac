// The controllers that limits are set with: which part of linux.resources each takes, and how it's called in both
// versions.
import type { Resources } from '../bundle/config.ts';
import { blockIoV1, blockIoV2 } from './controllers/block-io.ts';
import { cpuV1, cpuV2 } from './controllers/cpu.ts';
import { cpuset } from './controllers/cpuset.ts';
import { hugetlbV1, hugetlbV2 } from './controllers/hugetlb.ts';
import { memoryV1, memoryV2 } from './controllers/memory.ts';
import { netClsV1, netClsV2, netPrioV1, netPrioV2 } from './controllers/network.ts';
import { pids } from './controllers/pids.ts';
import { rdma } from './controllers/rdma.ts';
import type { CgroupFiles, CgroupWrite } from './write.ts';

type Writes = (resources: Resources, cgroup: CgroupFiles) => CgroupWrite[];

export interface Controller {
  part: keyof Resources;
  v1Name: string;
  /** undefined: cgroup v2 has no such controller, and `v2` refuses what is asked of it. */
  v2Name: string | undefined;
  v1: Writes;
  v2: Writes;
}

/** In the order of setting: memory comes last, because everything else may still need some. */
export const CONTROLLERS: Controller[] = [
  both('cpu', 'cpuset', ({ cpu = {} }, cgroup) => cpuset(cpu, cgroup)),
  {
    ...{ part: 'cpu', v1Name: 'cpu', v2Name: 'cpu' },
    v1: ({ cpu = {} }, cgroup) => cpuV1(cpu, cgroup),
    v2: ({ cpu = {} }, cgroup) => cpuV2(cpu, cgroup),
  },
  {
    ...{ part: 'blockIO', v1Name: 'blkio', v2Name: 'io' },
    v1: ({ blockIO = {} }, cgroup) => blockIoV1(blockIO, cgroup),
    v2: ({ blockIO = {} }, cgroup) => blockIoV2(blockIO, cgroup),
  },
  {
    ...{ part: 'hugepageLimits', v1Name: 'hugetlb', v2Name: 'hugetlb' },
    v1: ({ hugepageLimits = [] }, cgroup) => hugetlbV1(hugepageLimits, cgroup),
    v2: ({ hugepageLimits = [] }, cgroup) => hugetlbV2(hugepageLimits, cgroup),
  },
  {
    ...{ part: 'network', v1Name: 'net_cls', v2Name: undefined },
    v1: ({ network = {} }, cgroup) => netClsV1(network, cgroup),
    v2: ({ network = {} }, cgroup) => netClsV2(network, cgroup),
  },
  {
    ...{ part: 'network', v1Name: 'net_prio', v2Name: undefined },
    v1: ({ network = {} }, cgroup) => netPrioV1(network, cgroup),
    v2: ({ network = {} }, cgroup) => netPrioV2(network, cgroup),
  },
  both('rdma', 'rdma', ({ rdma: limits = {} }, cgroup) => rdma(limits, cgroup)),
  both('pids', 'pids', ({ pids: limit = {} }, cgroup) => pids(limit, cgroup)),
  {
    ...{ part: 'memory', v1Name: 'memory', v2Name: 'memory' },
    v1: ({ memory = {} }, cgroup) => memoryV1(memory, cgroup),
    v2: ({ memory = {} }, cgroup) => memoryV2(memory, cgroup),
  },
];

function both(part: keyof Resources, name: string, writes: Writes): Controller {
  return { part, v1Name: name, v2Name: name, v1: writes, v2: writes };
}
