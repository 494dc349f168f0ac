// process.scheduler (config.md, "Linux Process"; sched_setattr(2), sched(7)).
import type { Scheduler } from '../../bundle/config.ts';
import { problem, type Rule } from '../problem.ts';

const POINTER = '/process/scheduler';
const DEADLINE_TIMES = ['runtime', 'deadline', 'period'] as const;
const SHORTEST_RUNTIME = 1024;

export const schedulingRules: Rule[] = [
  {
    name: 'the scheduling policy exists in Linux',
    reads: [POINTER],
    check({ process }) {
      const policy = process?.scheduler?.policy;
      return policy === 'SCHED_ISO'
        ? [problem(`${POINTER}/policy`, policy, 'is reserved, but Linux has no such policy')]
        : [];
    },
  },
  {
    name: 'priority goes with SCHED_FIFO and SCHED_RR',
    reads: [POINTER],
    check: ({ process }) => (process?.scheduler === undefined ? [] : priorityProblems(process.scheduler)),
  },
  {
    name: 'runtime, deadline and period go with SCHED_DEADLINE',
    reads: [POINTER],
    check: ({ process }) => (process?.scheduler === undefined ? [] : deadlineProblems(process.scheduler)),
  },
];

function priorityProblems({ policy, priority = 0 }: Scheduler) {
  const pointer = `${POINTER}/priority`;
  const isRealtime = policy === 'SCHED_FIFO' || policy === 'SCHED_RR';
  if (isRealtime && (priority < 1 || priority > 99))
    return [problem(pointer, priority, `must be 1 to 99 for ${policy}`)];
  if (!isRealtime && priority !== 0) return [problem(pointer, priority, `must be 0 for ${policy}`)];
  return [];
}

function deadlineProblems(scheduler: Scheduler) {
  const { policy, runtime = 0, deadline = 0, period = 0 } = scheduler;
  if (policy !== 'SCHED_DEADLINE') {
    const set = DEADLINE_TIMES.filter((name) => Number(scheduler[name] ?? 0) !== 0);
    return set.map((name) => problem(`${POINTER}/${name}`, scheduler[name], 'is for SCHED_DEADLINE only'));
  }
  const problems = [];
  if (runtime < SHORTEST_RUNTIME) {
    problems.push(problem(`${POINTER}/runtime`, runtime, `must be at least ${SHORTEST_RUNTIME} nanoseconds`));
  }
  if (deadline < runtime)
    problems.push(problem(`${POINTER}/deadline`, deadline, `must not be below runtime, ${runtime}`));
  // A period of 0 stands for the same as deadline.
  if (Number(period) !== 0 && period < deadline) {
    problems.push(problem(`${POINTER}/period`, period, `must be 0 or not below deadline, ${deadline}`));
  }
  const longest = deadline > period ? 'deadline' : 'period';
  if (Number(scheduler[longest] ?? 0) >= 2 ** 63) {
    problems.push(problem(`${POINTER}/${longest}`, scheduler[longest], 'must be below 2^63 nanoseconds'));
  }
  return problems;
}
