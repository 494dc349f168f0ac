import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { definitions } from '../../bindings/kernel-headers.ts';
import type { Seccomp, SeccompRule } from '../bundle/config.ts';
import {
  planSeccomp,
  SECCOMP_ACTIONS,
  SECCOMP_ARCHITECTURES,
  SECCOMP_FLAGS,
  SECCOMP_OPERATORS,
  type SeccompPlan,
} from './seccomp.ts';

const test = suite('plan/seccomp');

function plan(parts: Partial<Seccomp>, warnings: string[] = []): SeccompPlan {
  const planned = planSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', ...parts }, warnings);
  if (planned === undefined) throw new Error('no plan');
  return planned;
}

const deny = (parts: Partial<SeccompRule> = {}): SeccompRule => ({
  names: ['mkdir'],
  action: 'SCMP_ACT_ERRNO',
  ...parts,
});

test('without a profile there is no plan', () => assert.is(planSeccomp(undefined, []), undefined));

test('the names are those of the schema', () => {
  const schema = JSON.parse(readFileSync(`${import.meta.dir}/../../schemas/config-linux-seccomp.schema.json`, 'utf8'));
  const known = {
    action: Object.keys(SECCOMP_ACTIONS),
    operator: Object.keys(SECCOMP_OPERATORS),
    architecture: SECCOMP_ARCHITECTURES,
    flag: Object.keys(SECCOMP_FLAGS),
  };
  for (const [name, values] of Object.entries(known)) assert.equal(values, schema.definitions[name].enum, name);
});

test("actions and flags have the kernel's numbers", () => {
  const kernel = definitions(['linux/seccomp.h']);
  if (kernel.size === 0) {
    console.log('skipped: needs linux-libc-dev: numbers of linux/seccomp.h');
    return;
  }
  for (const [name, flag] of Object.entries(SECCOMP_FLAGS)) assert.is(flag, kernel.get(name), name);
  const returned = { NOTIFY: 'USER_NOTIF', KILL: 'KILL_THREAD' } as Record<string, string>;
  for (const [name, action] of Object.entries(SECCOMP_ACTIONS)) {
    const short = name.slice('SCMP_ACT_'.length);
    assert.is(action, kernel.get(`SECCOMP_RET_${returned[short] ?? short}`), name);
  }
});

const actions: [action: string, errno: number | undefined, number: number][] = [
  ['SCMP_ACT_ERRNO', undefined, 0x00050001],
  ['SCMP_ACT_ERRNO', 0, 0x00050000],
  ['SCMP_ACT_ERRNO', 38, 0x00050026],
  ['SCMP_ACT_TRACE', undefined, 0x7ff00001],
  ['SCMP_ACT_TRACE', 0xffff, 0x7ff0ffff],
  ['SCMP_ACT_KILL_PROCESS', undefined, 0x80000000],
  ['SCMP_ACT_LOG', undefined, 0x7ffc0000],
];
for (const [action, errnoRet, number] of actions) {
  test(`${action} with errno ${errnoRet} is 0x${number.toString(16)}, by default EPERM`, () => {
    const errno = errnoRet === undefined ? {} : { errnoRet };
    assert.is(plan({ syscalls: [deny({ action, ...errno })] }).rules[0]?.action, number);
    const defaultErrno = errnoRet === undefined ? {} : { defaultErrnoRet: errnoRet };
    assert.is(plan({ defaultAction: action, ...defaultErrno }).defaultAction, number);
  });
}

test('a rule that repeats the default action is left out, but not with another errno', () => {
  const rules = [deny(), deny({ errnoRet: 1 }), deny({ errnoRet: 2 }), deny({ action: 'SCMP_ACT_ALLOW' })];
  const { rules: planned } = plan({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: rules });
  assert.equal(
    planned.map(({ pointer }) => pointer),
    ['/linux/seccomp/syscalls/2', '/linux/seccomp/syscalls/3'],
  );
});

test('comparisons of different arguments must all hold, exact to 64 bits', () => {
  const args = [
    { index: 0, value: 2n ** 64n - 1n, op: 'SCMP_CMP_NE' },
    { index: 5, value: 0xff, valueTwo: 3, op: 'SCMP_CMP_MASKED_EQ' },
  ];
  assert.equal(plan({ syscalls: [deny({ args })] }).rules[0]?.alternatives, [
    [
      { argument: 0, operator: 1, a: 2n ** 64n - 1n, b: 0n },
      { argument: 5, operator: 7, a: 0xffn, b: 3n },
    ],
  ]);
});

test('of several comparisons of one argument any is enough', () => {
  const args = [1, 2].map((value) => ({ index: 1, value, op: 'SCMP_CMP_EQ' }));
  const { alternatives } = plan({ syscalls: [deny({ args })] }).rules[0] ?? { alternatives: [] };
  assert.equal(
    alternatives.map((all) => all.map(({ a }) => a)),
    [[1n], [2n]],
  );
});

test('a rule without comparisons has one alternative that always holds', () => {
  assert.equal(plan({ syscalls: [deny()] }).rules[0]?.alternatives, [[]]);
});

test("architectures have libseccomp's names", () => {
  const { architectures } = plan({ architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_MIPSEL64N32'] });
  assert.equal(
    architectures.map(({ name }) => name),
    ['x86_64', 'mipsel64n32'],
  );
});

test('flags are added up', () => {
  const flags = ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW'];
  assert.is(plan({ flags }).flags, 7);
});

test('a flag for listeners is left out without one, with a warning', () => {
  const warnings: string[] = [];
  const flags = ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'];
  assert.is(plan({ flags }, warnings).flags, 2);
  assert.equal(warnings, [
    '/linux/seccomp/flags/1: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV has no effect without SCMP_ACT_NOTIFY, ignored',
  ]);
  assert.is(plan({ flags, defaultAction: 'SCMP_ACT_NOTIFY' }, warnings).flags, 0x22);
  assert.is(warnings.length, 1);
});

test('there is a listener if anything notifies, and only then', () => {
  const agent = { listenerPath: '/run/agent', listenerMetadata: 'x' };
  assert.is(plan({ ...agent, syscalls: [deny()] }).listener, undefined);
  const listener = { path: '/run/agent', metadata: 'x' };
  assert.equal(plan({ ...agent, syscalls: [deny({ action: 'SCMP_ACT_NOTIFY' })] }).listener, listener);
  assert.equal(plan({ ...agent, defaultAction: 'SCMP_ACT_NOTIFY' }).listener, listener);
});

test.run();
