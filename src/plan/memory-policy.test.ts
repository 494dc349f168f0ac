import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planMemoryPolicy } from './memory-policy.ts';
import { maskOf } from './number-set.ts';

const test = suite('plan/memory-policy');

test('without memoryPolicy there is none', () => assert.is(planMemoryPolicy(undefined), undefined));

// enum in include/uapi/linux/mempolicy.h
const modes: [mode: string, number: number][] = [
  ['MPOL_DEFAULT', 0],
  ['MPOL_PREFERRED', 1],
  ['MPOL_BIND', 2],
  ['MPOL_INTERLEAVE', 3],
  ['MPOL_LOCAL', 4],
  ['MPOL_PREFERRED_MANY', 5],
  ['MPOL_WEIGHTED_INTERLEAVE', 6],
];
for (const [mode, number] of modes) {
  test(`${mode} is ${number}`, () => {
    assert.equal(planMemoryPolicy({ mode }), { mode: number, nodes: undefined, text: mode });
  });
}

test('flags are bits of the mode, nodes a mask', () => {
  const plan = planMemoryPolicy({
    mode: 'MPOL_BIND',
    nodes: '0,2-3',
    flags: ['MPOL_F_STATIC_NODES', 'MPOL_F_NUMA_BALANCING'],
  });
  assert.is(plan?.mode, 2 | 0x8000 | 0x2000);
  assert.equal(plan?.nodes, maskOf('0,2-3'));
  assert.is(plan?.text, 'MPOL_BIND MPOL_F_STATIC_NODES MPOL_F_NUMA_BALANCING 0,2-3');
});

test('the empty list is no nodes', () => {
  assert.is(planMemoryPolicy({ mode: 'MPOL_PREFERRED', nodes: ' ' })?.nodes, undefined);
});

test.run();
