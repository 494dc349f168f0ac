import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Memory } from '../../bundle/config.ts';
import { assertRefused, linesOf, paperCgroup } from '../fixtures/files.ts';
import { memoryV1, memoryV2 } from './memory.ts';

const test = suite('cgroup/controllers/memory');

const MEMSW = { 'memory.memsw.limit_in_bytes': '9223372036854771712' };
const SWAP = { 'memory.swap.max': 'max' };

const v1: { name: string; memory: Memory; files?: Record<string, string>; lines: string[] }[] = [
  { name: 'nothing set, nothing written', memory: {}, lines: [] },
  { name: '0 is not set', memory: { limit: 0, swap: 0, reservation: 0 }, lines: [] },
  { name: 'a limit', memory: { limit: 4096 }, lines: ['memory.limit_in_bytes=4096 (memory/limit)'] },
  {
    name: 'the largest limit is exact',
    memory: { limit: 9_223_372_036_854_775_807n },
    lines: ['memory.limit_in_bytes=9223372036854775807 (memory/limit)'],
  },
  {
    name: 'memory and swap together',
    memory: { limit: 4096, swap: 8192 },
    files: MEMSW,
    lines: ['memory.limit_in_bytes=4096 (memory/limit)', 'memory.memsw.limit_in_bytes=8192 (memory/swap)'],
  },
  {
    name: 'no limit for memory is none for memory and swap',
    memory: { limit: -1 },
    files: MEMSW,
    lines: ['memory.limit_in_bytes=-1 (memory/limit)', 'memory.memsw.limit_in_bytes=-1 (memory/swap)'],
  },
  { name: 'without swap accounting, unlimited swap is what there is', memory: { swap: -1 }, lines: [] },
  {
    name: 'the others',
    memory: { reservation: -1, swappiness: 0, disableOOMKiller: true },
    lines: [
      'memory.soft_limit_in_bytes=-1 (memory/reservation)',
      'memory.swappiness=0 (memory/swappiness)',
      'memory.oom_control=1 (memory/disableOOMKiller)',
    ],
  },
  {
    name: 'the OOM killer can be enabled again',
    memory: { disableOOMKiller: false },
    lines: ['memory.oom_control=0 (memory/disableOOMKiller)'],
  },
  {
    name: 'TCP buffers, where the kernel still limits them',
    memory: { kernelTCP: 4096 },
    files: { 'memory.kmem.tcp.limit_in_bytes': '9223372036854771712' },
    lines: ['memory.kmem.tcp.limit_in_bytes=4096 (memory/kernelTCP)'],
  },
  { name: 'checkBeforeUpdate is what the kernel does', memory: { checkBeforeUpdate: true }, lines: [] },
];
for (const { name, memory, files, lines } of v1) {
  test(`v1: ${name}`, () => assert.equal(linesOf(memoryV1(memory, paperCgroup(files))), lines));
}

test('v1: a swap limit needs swap accounting', () => {
  assertRefused(() => memoryV1({ limit: 1, swap: 2 }, paperCgroup()), /^\/r\/memory\/swap: .*account for swap/);
});

const v2: { name: string; memory: Memory; files?: Record<string, string>; lines: string[] }[] = [
  { name: 'nothing set, nothing written', memory: { disableOOMKiller: false, useHierarchy: true }, lines: [] },
  {
    name: 'limits',
    memory: { limit: 4096, reservation: 2048 },
    lines: ['memory.max=4096 (memory/limit)', 'memory.low=2048 (memory/reservation)'],
  },
  {
    name: 'swap alone is the difference, exact at 64 bits',
    memory: { limit: 9_223_372_036_854_775_000n, swap: 9_223_372_036_854_775_807n },
    files: SWAP,
    lines: ['memory.swap.max=807 (memory/swap)', 'memory.max=9223372036854775000 (memory/limit)'],
  },
  {
    name: 'as much as memory is no swap',
    memory: { limit: 4096, swap: 4096 },
    files: SWAP,
    lines: ['memory.swap.max=0 (memory/swap)', 'memory.max=4096 (memory/limit)'],
  },
  {
    name: 'unlimited memory is unlimited swap',
    memory: { limit: -1 },
    files: SWAP,
    lines: ['memory.swap.max=max (memory/swap)', 'memory.max=max (memory/limit)'],
  },
  {
    name: 'swap without a limit counts from the limit that is there',
    memory: { swap: 5000 },
    files: { ...SWAP, 'memory.max': '4096' },
    lines: ['memory.swap.max=904 (memory/swap)'],
  },
  { name: 'unlimited swap needs no accounting', memory: { swap: -1 }, lines: [] },
  {
    name: 'a limit above the usage passes the check',
    memory: { limit: 4096, checkBeforeUpdate: true },
    files: { 'memory.current': '4096' },
    lines: ['memory.max=4096 (memory/limit)'],
  },
  {
    name: 'no limit passes the check',
    memory: { limit: -1, checkBeforeUpdate: true },
    files: { 'memory.current': '4096' },
    lines: ['memory.max=max (memory/limit)'],
  },
];
for (const { name, memory, files, lines } of v2) {
  test(`v2: ${name}`, () => assert.equal(linesOf(memoryV2(memory, paperCgroup(files))), lines));
}

const refused: { memory: Memory; files?: Record<string, string>; line: RegExp }[] = [
  { memory: { swappiness: 60 }, line: /^\/r\/memory\/swappiness: cgroup v2/ },
  { memory: { disableOOMKiller: true }, line: /^\/r\/memory\/disableOOMKiller: / },
  { memory: { swap: 4096 }, files: SWAP, line: /^\/r\/memory\/swap: .*needs a memory limit/ },
  { memory: { limit: -1, swap: 4096 }, files: SWAP, line: /^\/r\/memory\/swap: .*needs a memory limit/ },
  {
    memory: { swap: 4095 },
    files: { ...SWAP, 'memory.max': '4096' },
    line: /^\/r\/memory\/swap: 4095 is below the memory limit, 4096/,
  },
  { memory: { limit: 1, swap: 2 }, line: /^\/r\/memory\/swap: .*account for swap/ },
  {
    memory: { limit: 4096, checkBeforeUpdate: true },
    files: { 'memory.current': '4097' },
    line: /^\/r\/memory\/limit: 4096 is below what the container uses, 4097 — checkBeforeUpdate/,
  },
  {
    memory: { limit: 4096, swap: 5000, checkBeforeUpdate: true },
    files: { ...SWAP, 'memory.current': '1', 'memory.swap.current': '905' },
    line: /^\/r\/memory\/swap: 904 is below what the container uses, 905/,
  },
];
for (const { memory, files, line } of refused) {
  test(`v2: ${JSON.stringify(memory)} is refused`, () => {
    assertRefused(() => memoryV2(memory, paperCgroup(files)), line);
  });
}

test('what kernels no longer have is a warning', () => {
  for (const write of [memoryV1, memoryV2]) {
    const cgroup = paperCgroup();
    assert.equal(write({ kernel: 5, kernelTCP: 6, useHierarchy: false }, cgroup), []);
    assert.equal(
      cgroup.warnings.map((line) => line.split(' ')[0]),
      ['/r/memory/kernel', '/r/memory/kernelTCP', '/r/memory/useHierarchy'],
    );
    assert.equal(write({ kernel: -1, kernelTCP: 0, useHierarchy: true }, cgroup), []);
    assert.is(cgroup.warnings.length, 3);
  }
});

test.run();
