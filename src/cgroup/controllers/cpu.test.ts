import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Cpu } from '../../bundle/config.ts';
import { assertRefused, linesOf, paperCgroup } from '../fixtures/files.ts';
import { cpuV1, cpuV2, weightOfShares } from './cpu.ts';

const test = suite('cgroup/controllers/cpu');

const v1: { name: string; cpu: Cpu; lines: string[] }[] = [
  { name: 'nothing set, nothing written', cpu: {}, lines: [] },
  { name: '0 is not set', cpu: { shares: 0, quota: 0, period: 0, realtimeRuntime: 0, realtimePeriod: 0 }, lines: [] },
  {
    name: 'everything, in an order that fits',
    cpu: { shares: 512, quota: -1, period: 50_000, burst: 1, realtimeRuntime: 950, realtimePeriod: 1000, idle: 1 },
    lines: [
      'cpu.shares=512 (cpu/shares)',
      'cpu.cfs_period_us=50000 (cpu/period)',
      'cpu.cfs_quota_us=-1 (cpu/quota)',
      'cpu.cfs_burst_us=1 (cpu/burst)',
      'cpu.rt_period_us=1000 (cpu/realtimePeriod)',
      'cpu.rt_runtime_us=950 (cpu/realtimeRuntime)',
      'cpu.idle=1 (cpu/idle)',
    ],
  },
  {
    name: 'no burst and no idling can be asked for',
    cpu: { burst: 0, idle: 0 },
    lines: ['cpu.cfs_burst_us=0 (cpu/burst)', 'cpu.idle=0 (cpu/idle)'],
  },
  {
    name: '64-bit numbers stay exact',
    cpu: { quota: 9_223_372_036_854_775_807n },
    lines: ['cpu.cfs_quota_us=9223372036854775807 (cpu/quota)'],
  },
];
for (const { name, cpu, lines } of v1) {
  test(`v1: ${name}`, () => assert.equal(linesOf(cpuV1(cpu, paperCgroup())), lines));
}

const v2: { name: string; cpu: Cpu; files?: Record<string, string>; lines: string[] }[] = [
  { name: 'nothing set, nothing written', cpu: { shares: 0, realtimeRuntime: 0 }, lines: [] },
  { name: 'shares become a weight', cpu: { shares: 1024 }, lines: ['cpu.weight=100 (cpu/shares)'] },
  { name: 'a quota alone keeps the period', cpu: { quota: 5000 }, lines: ['cpu.max=5000 (cpu/quota)'] },
  { name: 'both', cpu: { quota: 5000, period: 10_000 }, lines: ['cpu.max=5000 10000 (cpu/quota)'] },
  { name: 'no quota', cpu: { quota: -1, period: 10_000 }, lines: ['cpu.max=max 10000 (cpu/quota)'] },
  {
    name: 'a period alone keeps the quota',
    cpu: { period: 10_000 },
    files: { 'cpu.max': '5000 100000' },
    lines: ['cpu.max=5000 10000 (cpu/period)'],
  },
  { name: 'a period for a new cgroup', cpu: { period: 10_000 }, lines: ['cpu.max=max 10000 (cpu/period)'] },
  {
    name: 'burst and idling',
    cpu: { burst: 0, idle: 1 },
    lines: ['cpu.max.burst=0 (cpu/burst)', 'cpu.idle=1 (cpu/idle)'],
  },
];
for (const { name, cpu, files, lines } of v2) {
  test(`v2: ${name}`, () => assert.equal(linesOf(cpuV2(cpu, paperCgroup(files))), lines));
}

for (const property of ['realtimeRuntime', 'realtimePeriod'] as const) {
  test(`v2: ${property} is refused`, () => {
    assertRefused(() => cpuV2({ [property]: 1 }, paperCgroup()), new RegExp(`^/r/cpu/${property}: cgroup v2`));
  });
}

for (const shares of [1, 262_145, 18_446_744_073_709_551_615n]) {
  test(`${shares} shares, which the kernel would change, are refused`, () => {
    for (const writes of [cpuV1, cpuV2]) {
      assertRefused(() => writes({ shares }, paperCgroup()), /^\/r\/cpu\/shares: \d+ is not from 2 to 262144$/);
    }
  });
}

// The ends and the default of both scales, and what lies between grows.
const weights: [shares: number, weight: number][] = [
  [2, 1],
  [1024, 100],
  [262_144, 10_000],
];
for (const [shares, weight] of weights) {
  test(`${shares} shares are the weight ${weight}`, () => assert.is(weightOfShares(shares), weight));
}

test('more shares are never less weight', () => {
  let last = 0;
  for (let shares = 2; shares <= 262_144; shares = Math.ceil(shares * 1.1)) {
    const weight = weightOfShares(shares);
    assert.ok(weight >= last && weight <= 10_000, `${shares}`);
    last = weight;
  }
});

test.run();
