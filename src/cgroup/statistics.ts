// The statistics of a container's cgroup, in the shape that runc's `events` has and managers read.
import type { PlacedCgroup } from './cgroup.ts';
import { cpuset, cpuV1, cpuV2 } from './statistics/cpu.ts';
import { blkioV1, hugetlb, ioV2 } from './statistics/devices.ts';
import { memoryV1, memoryV2 } from './statistics/memory.ts';
import { exact, omitEmpty, type ReadFile } from './statistics/parse.ts';
import { readIfThere } from './write-files.ts';

/** Where one controller is. */
interface Place {
  version: 1 | 2;
  directory: string;
  read: ReadFile;
}

/** Reads everything. What a cgroup does not have, or has no more, is 0 or left out. */
export function readStatistics(placed: PlacedCgroup[]): object {
  const place = (controller: string): Place => placeOf(placed, controller);
  const [cpu, memory, pids, blkio, hugePages] = ['cpu', 'memory', 'pids', 'blkio', 'hugetlb'].map(place) as Five;
  return {
    cpu: cpu.version === 1 ? cpuV1(place('cpuacct').read, cpu.read) : cpuV2(cpu.read),
    cpuset: cpuset(place('cpuset').read),
    memory: memory.version === 1 ? memoryV1(memory.read) : memoryV2(memory.read),
    pids: omitEmpty({ current: exact(pids.read('pids.current')), limit: exact(pids.read('pids.max')) }),
    blkio: blkio.version === 1 ? blkioV1(blkio.read) : ioV2(blkio.read),
    hugetlb: hugePages.directory === '' ? {} : hugetlb(hugePages.directory, hugePages.read),
    intel_rdt: {},
    network_interfaces: null,
  };
}

type Five = [Place, Place, Place, Place, Place];

function placeOf(placed: PlacedCgroup[], controller: string): Place {
  const v1 = placed.find(({ hierarchy }) => hierarchy.controllers.includes(controller));
  const found = v1 ?? placed.find(({ hierarchy }) => hierarchy.version === 2);
  if (found === undefined) return { version: 1, directory: '', read: () => undefined };
  const { directory, hierarchy } = found;
  return { version: hierarchy.version, directory, read: (file) => readIfThere(`${directory}/${file}`) };
}
