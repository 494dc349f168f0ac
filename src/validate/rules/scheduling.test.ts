import { suite } from 'uvu';
import { testRules } from '../fixtures/cases.ts';
import { schedulingRules } from './scheduling.ts';

const test = suite('validate/rules/scheduling');
const P = '/process/scheduler';
const deadline = { policy: 'SCHED_DEADLINE', runtime: 10_000, deadline: 20_000, period: 30_000 };

testRules(test, schedulingRules, [
  { name: 'no scheduler is good', set: {}, problems: [] },
  { name: 'nice goes with any policy', set: { [P]: { policy: 'SCHED_FIFO', nice: 5, priority: 1 } }, problems: [] },
  {
    name: 'zeros count as not set',
    set: { [P]: { policy: 'SCHED_OTHER', priority: 0, runtime: 0, period: 0 } },
    problems: [],
  },
  { name: 'SCHED_DEADLINE with times is good', set: { [P]: deadline }, problems: [] },
  { name: 'a period of 0 is good', set: { [P]: { ...deadline, period: 0 } }, problems: [] },
  {
    name: 'SCHED_FIFO needs a priority',
    set: { [P]: { policy: 'SCHED_FIFO' } },
    problems: [`${P}/priority must be 1 to 99 for SCHED_FIFO`],
  },
  {
    name: 'SCHED_RR has priorities up to 99',
    set: { [P]: { policy: 'SCHED_RR', priority: 100 } },
    problems: [`${P}/priority must be 1 to 99 for SCHED_RR`],
  },
  {
    name: 'SCHED_BATCH has no priority',
    set: { [P]: { policy: 'SCHED_BATCH', priority: 1 } },
    problems: [`${P}/priority must be 0 for SCHED_BATCH`],
  },
  {
    name: 'times are for SCHED_DEADLINE',
    set: { [P]: { policy: 'SCHED_OTHER', runtime: 1n, period: 2 } },
    problems: [`${P}/runtime is for SCHED_DEADLINE only`, `${P}/period is for SCHED_DEADLINE only`],
  },
  {
    name: 'SCHED_DEADLINE needs a runtime',
    set: { [P]: { policy: 'SCHED_DEADLINE' } },
    problems: [`${P}/runtime must be at least 1024 nanoseconds`],
  },
  {
    name: 'runtime, deadline and period are in this order',
    set: { [P]: { ...deadline, deadline: 9_999, period: 9_998 } },
    problems: [`${P}/deadline must not be below runtime, 10000`, `${P}/period must be 0 or not below deadline, 9999`],
  },
  {
    name: 'times have 63 bits',
    set: { [P]: { ...deadline, period: 9223372036854775808n } },
    problems: [`${P}/period must be below 2^63 nanoseconds`],
  },
  {
    name: 'SCHED_ISO does not exist',
    set: { [P]: { policy: 'SCHED_ISO' } },
    problems: [`${P}/policy is reserved, but Linux has no such policy`],
  },
]);

test.run();
