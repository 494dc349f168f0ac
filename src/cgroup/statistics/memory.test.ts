import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { memoryV1, memoryV2 } from './memory.ts';

const test = suite('cgroup/statistics/memory');

const reader = (files: Record<string, string>) => (file: string) => files[file];
const NONE = { limit: 0, failcnt: 0 };

test('v1', () => {
  const files = {
    'memory.stat': 'cache 5\nrss 6',
    'memory.limit_in_bytes': '100',
    'memory.usage_in_bytes': '50',
    'memory.max_usage_in_bytes': '60',
    'memory.failcnt': '1',
  };
  assert.equal(memoryV1(reader(files)), {
    cache: 5,
    usage: { limit: 100, usage: 50, max: 60, failcnt: 1 },
    ...{ swap: NONE, kernel: NONE, kernelTCP: NONE },
    raw: { cache: 5, rss: 6 },
  });
});

test('v1: no limit is exact', () => {
  const text = JSON.stringify(memoryV1(reader({ 'memory.limit_in_bytes': '9223372036854771712' })));
  assert.match(text, '"limit":9223372036854771712');
});

test('v2: swap is memory and swap together', () => {
  const files = {
    'memory.stat': 'file 5\nkernel 7\nsock 8',
    'memory.max': '100',
    'memory.current': '50',
    'memory.peak': '60',
    'memory.events': 'low 0\nhigh 0\nmax 3',
    'memory.swap.max': '11',
    'memory.swap.current': '2',
  };
  assert.equal(memoryV2(reader(files)), {
    cache: 5,
    usage: { limit: 100, usage: 50, max: 60, failcnt: 3 },
    swap: { limit: 111, usage: 52, failcnt: 0 },
    kernel: { limit: 0, usage: 7, failcnt: 0 },
    kernelTCP: { limit: 0, usage: 8, failcnt: 0 },
    raw: { file: 5, kernel: 7, sock: 8 },
  });
});

test('v2: no limit is the largest number', () => {
  const text = JSON.stringify(memoryV2(reader({ 'memory.max': 'max', 'memory.swap.max': '0' })));
  assert.is(text.match(/"limit":18446744073709551615/g)?.length, 2);
});

test.run();
