import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cpuset, cpuV1, cpuV2 } from './cpu.ts';

const test = suite('cgroup/statistics/cpu');

const reader = (files: Record<string, string>) => (file: string) => files[file];

test('v1', () => {
  const cpuacct = reader({
    'cpuacct.usage': '13453673',
    'cpuacct.usage_percpu': '4566756 8886917 ',
    'cpuacct.usage_all': 'cpu user system\n0 0 4566756\n1 8000000 886917',
    'cpuacct.stat': 'user 1\nsystem 2',
  });
  const cpu = reader({ 'cpu.stat': 'nr_periods 5\nnr_throttled 0\nthrottled_time 7' });
  assert.equal(cpuV1(cpuacct, cpu), {
    usage: {
      total: 13_453_673,
      percpu: [4_566_756, 8_886_917],
      percpu_kernel: [4_566_756, 886_917],
      percpu_user: [0, 8_000_000],
      kernel: 20_000_000,
      user: 10_000_000,
    },
    throttling: { periods: 5, throttledTime: 7 },
  });
});

test('v2: microseconds become nanoseconds', () => {
  const stat = 'usage_usec 30\nuser_usec 10\nsystem_usec 20\nnr_periods 1\nnr_throttled 2\nthrottled_usec 3';
  assert.equal(cpuV2(reader({ 'cpu.stat': stat })), {
    usage: { total: 30_000, kernel: 20_000, user: 10_000 },
    throttling: { periods: 1, throttledPeriods: 2, throttledTime: 3000 },
  });
});

test('nothing there', () => {
  const none = reader({});
  assert.equal(cpuV1(none, none), { usage: { kernel: 0, user: 0 }, throttling: {} });
  assert.equal(cpuV2(none), { usage: { kernel: 0, user: 0 }, throttling: {} });
});

test('cpuset: the lists, and what v2 has instead', () => {
  const v1 = cpuset(reader({ 'cpuset.cpus': '0-1', 'cpuset.mems': '0', 'cpuset.sched_relax_domain_level': '-1' }));
  assert.equal({ ...v1, sched_relax_domain_level: -1 }, v1);
  assert.equal(Object.entries(v1).slice(0, 3), [
    ['cpus', [0, 1]],
    ['cpu_exclusive', 0],
    ['mems', [0]],
  ]);
  const v2 = cpuset(reader({ 'cpuset.cpus': '', 'cpuset.cpus.effective': '3' }));
  assert.equal(Object.entries(v2)[0], ['cpus', [3]]);
});

test.run();
