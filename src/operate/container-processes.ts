// Which processes are a container's.
import { readlinkSync } from '../../bindings/file-system.ts';
import { ownFolders, processesIn } from '../cgroup/processes.ts';
import { errnoOf } from '../errors.ts';
import { startTimeOf } from '../state/status.ts';
import type { ContainerRecord } from '../state/store.ts';

/**
 * The container's processes, by its cgroups. Others may be in a cgroup that was there before: of those that are, the
 * ones in the mount namespace that was made for the container, as long as the container process lives.
 */
export function processesOf(record: ContainerRecord): number[] {
  const own = ownFolders(record.cgroups);
  if (own.length > 0) return processesIn(own);
  if (record.pid === 0 || startTimeOf(record.pid) !== record.startTime) return [];
  if (record.rootfsMount !== undefined) return [record.pid];
  const namespace = mountNamespaceOf(record.pid);
  const others = processesIn(record.cgroups).filter((pid) => mountNamespaceOf(pid) === namespace);
  return [...new Set([record.pid, ...others])];
}

function mountNamespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return `none of ${pid}`;
    throw error;
  }
}
