// process.scheduler and process.ioPriority as the kernel's numbers (config.md, "Linux Process").
import type { SchedulingAttributes } from '../../bindings/scheduling.ts';
import type { Process, Scheduler } from '../bundle/config.ts';

// In the order of their numbers, include/uapi/linux/sched.h.
const POLICIES = ['SCHED_OTHER', 'SCHED_FIFO', 'SCHED_RR', 'SCHED_BATCH', 'SCHED_ISO', 'SCHED_IDLE', 'SCHED_DEADLINE'];

// The first is bit 0.
const FLAGS = [
  'SCHED_FLAG_RESET_ON_FORK',
  'SCHED_FLAG_RECLAIM',
  'SCHED_FLAG_DL_OVERRUN',
  'SCHED_FLAG_KEEP_POLICY',
  'SCHED_FLAG_KEEP_PARAMS',
  'SCHED_FLAG_UTIL_CLAMP_MIN',
  'SCHED_FLAG_UTIL_CLAMP_MAX',
];

/** The attributes for process.scheduler; what is not set is 0. */
export function planScheduler(scheduler: Scheduler | undefined): SchedulingAttributes | undefined {
  // Managers may write an empty object.
  if (scheduler?.policy === undefined) return undefined;
  const { policy, flags = [], nice = 0, priority = 0, runtime = 0, deadline = 0, period = 0 } = scheduler;
  return {
    policy: POLICIES.indexOf(policy),
    flags: flags.reduce((bits, flag) => bits | (1 << FLAGS.indexOf(flag)), 0),
    nice,
    priority,
    runtime: BigInt(runtime),
    deadline: BigInt(deadline),
    period: BigInt(period),
  };
}

// Class 0 means none; the class is above 13 bits of priority, include/uapi/linux/ioprio.h.
const CLASSES = ['', 'IOPRIO_CLASS_RT', 'IOPRIO_CLASS_BE', 'IOPRIO_CLASS_IDLE'];
const CLASS_SHIFT = 13;

/** What ioprio_set(2) takes. */
export function planIoPriority(ioPriority: Process['ioPriority']): number | undefined {
  if (ioPriority?.class === undefined) return undefined;
  return (CLASSES.indexOf(ioPriority.class) << CLASS_SHIFT) | (ioPriority.priority ?? 0);
}
