import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ALL_CPUS, planExecAffinity } from './affinity.ts';
import { maskOf } from './number-set.ts';

const test = suite('plan/affinity');

type Affinity = Parameters<typeof planExecAffinity>[0];
const cases: [name: string, affinity: Affinity, plan: ReturnType<typeof planExecAffinity>][] = [
  ['nothing: all CPUs of the cgroup', undefined, { initial: undefined, final: ALL_CPUS }],
  ['empty lists are none', { initial: '', final: ' ' }, { initial: undefined, final: ALL_CPUS }],
  ['initial only: the kernel decides on the final one', { initial: '1' }, { initial: maskOf('1'), final: undefined }],
  ['final only', { final: '0-1' }, { initial: undefined, final: maskOf('0-1') }],
  ['both', { initial: '7', final: '0-3,7' }, { initial: maskOf('7'), final: maskOf('0-3,7') }],
];
for (const [name, affinity, plan] of cases) test(name, () => assert.equal(planExecAffinity(affinity), plan));

test('all CPUs are all that a kernel can have', () => assert.equal(ALL_CPUS, maskOf('0-8191')));

test.run();
