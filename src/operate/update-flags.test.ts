import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../errors.ts';
import { resourcesOfFlags } from './update-flags.ts';

const test = suite('operate/update-flags');

test('without options nothing is asked for', () => {
  assert.equal(resourcesOfFlags({}), { cpu: {}, memory: {}, pids: {}, blockIO: {} });
});

test('each option has its property', () => {
  const flags = {
    ...{ 'blkio-weight': 10, 'pids-limit': -1, 'cpu-period': '1', 'cpu-quota': '-1', 'cpu-burst': '0' },
    ...{ 'cpu-share': '4', 'cpu-rt-period': '5', 'cpu-rt-runtime': '6', 'cpu-idle': '1', 'cpuset-cpus': '0-1' },
    ...{ 'cpuset-mems': '0', memory: '8', 'memory-reservation': '9', 'memory-swap': '-1' },
    ...{ 'kernel-memory': '10', 'kernel-memory-tcp': '11' },
  };
  assert.equal(resourcesOfFlags(flags), {
    cpu: {
      ...{ period: 1, quota: -1, burst: 0, shares: 4, realtimePeriod: 5, realtimeRuntime: 6, idle: 1 },
      ...{ cpus: '0-1', mems: '0' },
    },
    memory: { limit: 8, reservation: 9, swap: -1, kernel: 10, kernelTCP: 11 },
    pids: { limit: -1 },
    blockIO: { weight: 10 },
  });
});

test('0 for pids and weight is not set, as in runc', () => {
  const { pids, blockIO } = resourcesOfFlags({ 'pids-limit': 0, 'blkio-weight': 0 });
  assert.equal([pids, blockIO], [{}, {}]);
});

const sizes: [text: string, bytes: number | bigint][] = [
  ['0', 0],
  ['512', 512],
  ['512b', 512],
  ['2k', 2048],
  ['64m', 67_108_864],
  ['64M', 67_108_864],
  ['64MB', 67_108_864],
  ['64MiB', 67_108_864],
  ['1.5g', 1_610_612_736],
  ['1 g', 1_073_741_824],
  ['9223372036854775807', 9_223_372_036_854_775_807n],
  ['8191.999999999p', 9_223_372_036_853_649_908n],
];
for (const [text, bytes] of sizes) {
  test(`a memory of ${text} is ${bytes}`, () => {
    assert.is(resourcesOfFlags({ memory: text }).memory?.limit, bytes);
  });
}

for (const flags of [
  { memory: '-2' },
  { memory: '5x' },
  { memory: 'm' },
  { 'cpu-share': '1.5' },
  { 'cpu-quota': 'a' },
]) {
  test(`${JSON.stringify(flags)} is refused by the name of the option`, () => {
    const [name = ''] = Object.keys(flags);
    const namesIt = (error: unknown) => error instanceof UsageError && error.reason.startsWith(`--${name} "`);
    assert.throws(() => resourcesOfFlags(flags), namesIt);
  });
}

test.run();
