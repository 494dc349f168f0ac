// process.scheduler and process.ioPriority. Set by the runtime: in a user namespace the process itself has no right to.
import { ioprioSet, type SchedulingAttributes, schedSetattr } from '../../bindings/scheduling.ts';
import { errnoOf, RuntimeError, step } from '../errors.ts';
import type { ProcessPlan } from '../plan/process.ts';

/**
 * Sets what the config asks for on a process, by its pid in the runtime's namespace; what it asks for is inherited.
 * @throws RuntimeError
 */
export function setScheduling(pid: number, { scheduler, ioPriority }: ProcessPlan): void {
  if (ioPriority !== undefined) step('/process/ioPriority', () => ioprioSet(pid, ioPriority));
  if (scheduler !== undefined) step('/process/scheduler', () => setScheduler(pid, scheduler));
}

function setScheduler(pid: number, scheduler: SchedulingAttributes): void {
  try {
    schedSetattr(pid, scheduler);
  } catch (error) {
    const hint = HINTS[errnoOf(error) ?? ''];
    if (hint === undefined) throw error;
    throw new RuntimeError(`sched_setattr ${errnoOf(error)}`, { hint, errno: errnoOf(error) ?? '', cause: error });
  }
}

const HINTS: Record<string, string> = {
  EPERM: 'needs CAP_SYS_NICE; on cgroup v1 real-time policies also need linux.resources.cpu.realtimeRuntime',
  EBUSY: 'there is not enough CPU time left for this deadline, sched(7)',
  EOPNOTSUPP: 'the kernel is built without that flag (CONFIG_UCLAMP_TASK)',
};
