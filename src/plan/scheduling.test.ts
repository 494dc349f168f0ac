import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { definitions } from '../../bindings/kernel-headers.ts';
import { planIoPriority, planScheduler } from './scheduling.ts';

const test = suite('plan/scheduling');

const NONE = { policy: 0, flags: 0, nice: 0, priority: 0, runtime: 0n, deadline: 0n, period: 0n };

test('without scheduler and ioPriority there is nothing to set', () => {
  assert.equal([planScheduler(undefined), planIoPriority(undefined)], [undefined, undefined]);
});

test('what is not set is 0', () => assert.equal(planScheduler({ policy: 'SCHED_OTHER' }), NONE));

test('everything is passed on, times with all of their bits', () => {
  const plan = planScheduler({
    policy: 'SCHED_DEADLINE',
    nice: -5,
    priority: 3,
    flags: ['SCHED_FLAG_RESET_ON_FORK', 'SCHED_FLAG_DL_OVERRUN'],
    runtime: 1024,
    deadline: 9007199254740993n,
    period: 0,
  });
  const times = { runtime: 1024n, deadline: 9007199254740993n, period: 0n };
  assert.equal(plan, { policy: 6, flags: 5, nice: -5, priority: 3, ...times });
});

const kernel = definitions(['linux/sched.h', 'linux/ioprio.h']);
const headers = kernel.size > 0;

const POLICIES: [name: string, inHeader: string][] = [
  ['SCHED_OTHER', 'SCHED_NORMAL'],
  ...['SCHED_FIFO', 'SCHED_RR', 'SCHED_BATCH', 'SCHED_IDLE', 'SCHED_DEADLINE'].map((n): [string, string] => [n, n]),
];
for (const [policy, inHeader] of POLICIES) {
  test(`${policy} has the kernel's number`, () => {
    if (headers) assert.is(planScheduler({ policy })?.policy, kernel.get(inHeader));
  });
}

const FLAGS = 'RESET_ON_FORK RECLAIM DL_OVERRUN KEEP_POLICY KEEP_PARAMS UTIL_CLAMP_MIN UTIL_CLAMP_MAX'.split(' ');
for (const flag of FLAGS.map((name) => `SCHED_FLAG_${name}`)) {
  test(`${flag} has the kernel's number`, () => {
    if (headers) assert.is(planScheduler({ policy: 'SCHED_OTHER', flags: [flag] })?.flags, kernel.get(flag));
  });
}

const PRIORITIES: [name: string, priority: number, value: number][] = [
  ['IOPRIO_CLASS_RT', 0, 0x2000],
  ['IOPRIO_CLASS_BE', 7, 0x4007],
  ['IOPRIO_CLASS_IDLE', 4, 0x6004],
];
for (const [name, priority, value] of PRIORITIES) {
  test(`${name} ${priority} is ${value}`, () => assert.is(planIoPriority({ class: name, priority }), value));
}

test.run();
