// On which CPUs a process runs: the container's own process on all that its cgroup allows, one that `exec` makes as
// process.execCPUAffinity says (config.md, "Linux Process").
import type { Process } from '../bundle/config.ts';
import { MOST_NUMBERS, maskOf } from './number-set.ts';

/** For sched_setaffinity(2): the kernel takes those of them that the process's cgroup allows, cpuset(7). */
export const ALL_CPUS: Uint8Array = new Uint8Array(MOST_NUMBERS / 8).fill(0xff);

/** Masks for sched_setaffinity(2); undefined: the affinity isn't touched. */
export interface AffinityPlan {
  /** For the process that will join the container's cgroup, before it does. */
  initial: Uint8Array | undefined;
  /** Once it has joined. */
  final: Uint8Array | undefined;
}

/**
 * The affinities of a process that joins a container. Without execCPUAffinity it's that of the container process: what
 * the runtime's caller was bound to is not the container's business.
 */
export function planExecAffinity(affinity: Process['execCPUAffinity']): AffinityPlan {
  const [initial, final] = [maskIfAny(affinity?.initial), maskIfAny(affinity?.final)];
  return { initial, final: initial === undefined ? (final ?? ALL_CPUS) : final };
}

function maskIfAny(list: string | undefined): Uint8Array | undefined {
  return list === undefined || list.trim() === '' ? undefined : maskOf(list);
}
