import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { schedGetaffinity, schedSetaffinity } from '../../bindings/scheduling.ts';
import type { Script } from '../final/script.ts';
import { planMemoryPolicy } from '../plan/memory-policy.ts';
import { maskOf } from '../plan/number-set.ts';
import { resetAffinity, setAffinity, setMemoryPolicy, setPersonality } from './execution.ts';
import { scriptOf, stepsOf } from './fixtures/lines.ts';
import { runScript } from './fixtures/stage.ts';

const test = suite('init/execution');

function after<T>(build: (script: Script) => void, look: (pid: number) => T): T {
  const seen: T[] = [];
  assert.is(runScript(build, { look: (pid) => seen.push(look(pid)) }), 'done');
  return seen[0] as T;
}

const affinityOf = (pid: number): string => Buffer.from(schedGetaffinity(pid, 1024)).toString('hex');

test('an affinity is set, and taken back to all CPUs', () => {
  const all = schedGetaffinity(0, 1024);
  const first = Buffer.from(maskOf('0')).toString('hex');
  assert.is(
    after((script) => setAffinity(script, 'x', maskOf('0')), affinityOf),
    first,
  );
  schedSetaffinity(0, maskOf('0'));
  try {
    assert.is(
      after(() => {}, affinityOf),
      first,
    );
    assert.is(after(resetAffinity, affinityOf), Buffer.from(all).toString('hex'));
  } finally {
    schedSetaffinity(0, all);
  }
});

const personalityOf = (pid: number): string => readFileSync(`/proc/${pid}/personality`, 'latin1').trim();

test('the personality is set', () => {
  assert.is(
    after((script) => setPersonality(script, { personality: 8 }), personalityOf),
    '00000008',
  );
});

const policyOf = (pid: number): string =>
  [
    ...new Set([...readFileSync(`/proc/${pid}/numa_maps`, 'latin1').matchAll(/^\S+ (\S+)/gm)].map(([, name]) => name)),
  ].join();

test('the memory policy is set', () => {
  const memoryPolicy = planMemoryPolicy({ mode: 'MPOL_INTERLEAVE', nodes: '0', flags: ['MPOL_F_STATIC_NODES'] });
  assert.is(
    after((script) => setMemoryPolicy(script, { memoryPolicy }), policyOf),
    'interleave=static:0',
  );
});

test('a node that does not exist is an error that says what was asked for', () => {
  const memoryPolicy = planMemoryPolicy({ mode: 'MPOL_BIND', nodes: '1000' });
  const line = runScript((script) => setMemoryPolicy(script, { memoryPolicy }));
  assert.is(line, '/linux/memoryPolicy: set_mempolicy MPOL_BIND 1000 EINVAL');
});

test('what is not asked for costs no call', () => {
  const script = scriptOf((to) => {
    setPersonality(to, { personality: undefined });
    setMemoryPolicy(to, { memoryPolicy: undefined });
  });
  assert.equal(stepsOf(script), []);
});

test.run();
