import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { definitions } from '../../bindings/kernel-headers.ts';
import { architectureToken, SyscallNames } from '../../bindings/libseccomp.ts';
import type { Seccomp, SeccompRule } from '../bundle/config.ts';
import { toRuntimeError } from '../errors.ts';
import { planSeccomp } from '../plan/seccomp.ts';
import { runFilter } from './fixtures/bpf.ts';
import { buildFilter } from './seccomp-filter.ts';

const test = suite('create/seccomp-filter');

const [ALLOW, ERRNO, KILL] = [0x7fff0000, 0x00050000, 0];
const [OWN, OTHER] = process.arch === 'arm64' ? ['aarch64', 'arm'] : ['x86_64', 'x86'];
const own = architectureToken(OWN) ?? 0;
const other = architectureToken(OTHER) ?? 0;
const HEADER = OWN === 'aarch64' ? 'asm-generic/unistd.h' : 'x86_64-linux-gnu/asm/unistd_64.h';
const SCMP_OTHER = `SCMP_ARCH_${OTHER.toUpperCase()}`;

function build(syscalls: SeccompRule[], parts: Partial<Seccomp> = {}): Uint8Array {
  const plan = planSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls, ...parts }, []);
  if (plan === undefined) throw new Error('no plan');
  return buildFilter(plan);
}

function refused(syscalls: SeccompRule[], parts: Partial<Seccomp> = {}): string {
  try {
    build(syscalls, parts);
    return 'built';
  } catch (error) {
    return toRuntimeError(error)?.oneLine ?? String(error);
  }
}

const numberOf = (name: string): number => new SyscallNames([name]).numbersOn(own)[0] ?? -1;
const rule = (name: string, errnoRet: number, args: SeccompRule['args'] = []): SeccompRule => ({
  names: [name],
  action: 'SCMP_ACT_ERRNO',
  errnoRet,
  args,
});

test("each rule holds for its system call on the machine's own architecture; others are killed", () => {
  const filter = build([rule('getcwd', 5), rule('getpid', 6)]);
  const run = (name: string, architecture = own) => runFilter(filter, { architecture, syscall: numberOf(name) });
  assert.equal(
    ['getcwd', 'getpid', 'getuid'].map((name) => run(name)),
    [ERRNO + 5, ERRNO + 6, ALLOW],
  );
  assert.is(run('getuid', other), KILL);
});

test('another architecture has its own numbers, and the same rules', () => {
  const filter = build([rule('getpid', 6)], { architectures: [SCMP_OTHER] });
  // getpid is 20 on both.
  assert.is(runFilter(filter, { architecture: other, syscall: 20 }), ERRNO + 6);
  assert.is(runFilter(filter, { architecture: own, syscall: numberOf('getpid') }), ERRNO + 6);
  assert.is(runFilter(filter, { architecture: other, syscall: 1 }), ALLOW);
});

const BIG = 0x1_0000_0002n;
const comparisons: [op: string, value: bigint, holds: bigint[], fails: bigint[]][] = [
  ['SCMP_CMP_EQ', BIG, [BIG], [2n, 0x1_0000_0000n, BIG + 1n]],
  ['SCMP_CMP_NE', BIG, [2n, 0x1_0000_0000n], [BIG]],
  ['SCMP_CMP_LT', BIG, [0n, 0xffff_ffffn, BIG - 1n], [BIG, 0x2_0000_0000n]],
  ['SCMP_CMP_LE', BIG, [BIG, 3n], [BIG + 1n, 0x2_0000_0000n]],
  ['SCMP_CMP_GE', BIG, [BIG, 0x2_0000_0000n, -1n], [BIG - 1n, 0xffff_ffffn]],
  ['SCMP_CMP_GT', BIG, [BIG + 1n, 2n ** 64n - 1n], [BIG, 0xffff_ffffn]],
  ['SCMP_CMP_EQ', 2n ** 64n - 1n, [-1n], [0xffff_ffffn, 2n ** 63n]],
];
for (const [op, value, holds, fails] of comparisons) {
  test(`${op} ${value} compares 64 bits`, () => {
    const filter = build([rule('getcwd', 5, [{ index: 1, value, op }])]);
    const run = (arg: bigint) =>
      runFilter(filter, {
        architecture: own,
        syscall: numberOf('getcwd'),
        args: [0n, arg],
      }) ===
      ERRNO + 5;
    assert.equal([holds.filter((arg) => !run(arg)), fails.filter(run)], [[], []]);
  });
}

test('SCMP_CMP_MASKED_EQ masks with the first value and compares with the second', () => {
  const args = [
    {
      index: 0,
      value: 0xff00000000f0n,
      valueTwo: 0x120000000030n,
      op: 'SCMP_CMP_MASKED_EQ',
    },
  ];
  const filter = build([rule('getcwd', 5, args)]);
  const run = (arg: bigint) =>
    runFilter(filter, {
      architecture: own,
      syscall: numberOf('getcwd'),
      args: [arg],
    });
  assert.equal([0x12000000003fn, 0xff12345678000030n].map(run), [ERRNO + 5, ALLOW]);
});

test('conditions on several arguments must all hold; several on one are alternatives', () => {
  const at = (index: number, value: number) => ({
    index,
    value,
    op: 'SCMP_CMP_EQ',
  });
  const both = build([rule('getcwd', 5, [at(0, 1), at(1, 2)])]);
  const either = build([rule('getcwd', 5, [at(0, 1), at(0, 2)])]);
  const run = (filter: Uint8Array, ...args: bigint[]) =>
    runFilter(filter, { architecture: own, syscall: numberOf('getcwd'), args });
  assert.equal([run(both, 1n, 2n), run(both, 1n, 1n), run(both, 2n, 2n)], [ERRNO + 5, ALLOW, ALLOW]);
  assert.equal([run(either, 1n), run(either, 2n), run(either, 3n)], [ERRNO + 5, ERRNO + 5, ALLOW]);
});

test('a system call that nobody knows, or that the machine does not have, is passed over', () => {
  const filter = build([
    {
      names: ['no_such_call', 'socketcall', 'getcwd'],
      action: 'SCMP_ACT_ERRNO',
    },
    rule('only_this', 3),
  ]);
  assert.is(runFilter(filter, { architecture: own, syscall: numberOf('getcwd') }), ERRNO + 1);
});

test('of one system call the first of two unconditional rules counts', () => {
  const filter = build([rule('getcwd', 5), rule('getcwd', 6)]);
  assert.is(runFilter(filter, { architecture: own, syscall: numberOf('getcwd') }), ERRNO + 5);
});

test('rules for socketcall and for its parts stay in order, as in the profile of Podman', () => {
  const at = (index: number, value: number, op: string) => ({
    index,
    value,
    op,
  });
  const allow = (args: NonNullable<SeccompRule['args']>): SeccompRule => ({
    names: ['socket'],
    action: 'SCMP_ACT_ALLOW',
    args,
  });
  const filter = build(
    [
      { names: ['socketcall', 'getpid'], action: 'SCMP_ACT_ALLOW' },
      rule('socket', 22, [at(0, 16, 'SCMP_CMP_EQ'), at(2, 9, 'SCMP_CMP_EQ')]),
      allow([at(2, 9, 'SCMP_CMP_NE')]),
      allow([at(0, 16, 'SCMP_CMP_NE')]),
    ],
    { defaultAction: 'SCMP_ACT_ERRNO', architectures: [SCMP_OTHER] },
  );
  const socket = (...args: bigint[]) => runFilter(filter, { architecture: own, syscall: numberOf('socket'), args });
  assert.equal([socket(16n, 0n, 9n), socket(16n, 0n, 0n), socket(2n, 0n, 9n)], [ERRNO + 22, ALLOW, ALLOW]);
  if (OWN === 'x86_64') assert.is(runFilter(filter, { architecture: other, syscall: 102, args: [1n] }), ALLOW);
});

// socketcall(2), ipc(2): number and first argument on x86.
const parts: [name: string, syscall: number, part: bigint][] = [
  ['accept', 102, 5n],
  ['send', 102, 9n],
  ['recv', 102, 10n],
  ['semop', 117, 1n],
  ['semtimedop', 117, 4n],
];
for (const [name, syscall, part] of parts) {
  test(`a rule for ${name}, which x86 has only as a part of another call, holds`, () => {
    const conditional = rule('socket', 22, [{ index: 2, value: 9, op: 'SCMP_CMP_EQ' }]);
    for (const others of [[rule('getcwd', 6)], [conditional]]) {
      const filter = build([rule(name, 5), ...others], { architectures: ['SCMP_ARCH_X86'] });
      const run = (number: number, arg: bigint) =>
        runFilter(filter, { architecture: 0x40000003, syscall: number, args: [arg] });
      // 20 is getpid.
      assert.equal([run(syscall, part), run(syscall, 99n), run(20, 0n)], [ERRNO + 5, ALLOW, ALLOW]);
    }
  });
}

for (const [name, token] of [
  ['ARM', 0x40000028],
  ['AARCH64', 0xc00000b7],
] as const) {
  test(`on ${name} a condition holds, though the profile names a call that it does not have`, () => {
    const args = [{ index: 0, value: 7, op: 'SCMP_CMP_EQ' }];
    const filter = build([rule('personality', 5, args), rule('waitpid', 6)], { architectures: [`SCMP_ARCH_${name}`] });
    const [syscall = -1] = new SyscallNames(['personality']).numbersOn(token);
    const run = (arg: bigint) => runFilter(filter, { architecture: token, syscall, args: [arg] });
    assert.equal([run(7n), run(8n)], [ERRNO + 5, ALLOW]);
  });
}

// A profile with all there is: long, for several architectures, with rules for parts of socketcall(2) and ipc(2).
function variedProfile(): Seccomp {
  const names = Array.from(definitions([HEADER]).keys(), (name) => name.slice(5));
  const parts = ['socketcall', 'socket', 'connect', 'recvmmsg', 'accept4', 'send', 'ipc', 'semget', 'shmat', 'msgrcv'];
  const at = (index: number, value: number): SeccompRule['args'] => [{ index, value, op: 'SCMP_CMP_EQ' }];
  const allow = (names: string[], args: SeccompRule['args'] = []): SeccompRule => {
    return { names, action: 'SCMP_ACT_ALLOW', args };
  };
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: OWN === 'x86_64' ? ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] : ['SCMP_ARCH_ARM'],
    syscalls: [
      allow(names.filter((name, index) => index % 5 !== 0 && !parts.includes(name))),
      ...names.filter((_, index) => index % 5 === 0).map((name, index) => rule(name, index, at(0, index))),
      ...parts.map((name, index) => rule(name, 30 + index, at(1, 1))),
      allow(parts.filter((_, index) => index % 2 === 0)),
      rule('rt_sigaction', 7, at(0, 9)),
    ],
  };
}

/** Where two filters differ, over numbers and arguments of all architectures. */
function differences(filters: Uint8Array[], argumentLists: bigint[][]): string[] {
  const found: string[] = [];
  const edges = [0xf0001, 0x3fffffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
  const numbers = [...Array(600).keys()].flatMap((number) => [number, 0x40000000 + number]);
  for (const architecture of [own, other, 0x12345678]) {
    for (const syscall of [...numbers, ...edges]) {
      for (const args of [...argumentLists, [BigInt(syscall), 7n]]) {
        const [first, second] = filters.map((filter) => runFilter(filter, { architecture, syscall, args }));
        if (first !== second) found.push(`${architecture} ${syscall} ${args}: ${first} ${second}`);
      }
    }
  }
  return found;
}

/** Both filters of a profile, or why libseccomp refuses it. */
function bothFilters(profile: Seccomp): (Uint8Array | string)[] {
  const plan = planSeccomp(profile, []);
  if (plan === undefined) throw new Error('no plan');
  return [true, false].map((isDivided) => {
    try {
      return buildFilter(plan, { isDivided });
    } catch (error) {
      return toRuntimeError(error)?.reason ?? String(error);
    }
  });
}

const isFilter = (made: Uint8Array | string): made is Uint8Array => typeof made !== 'string';

test('the programs of divided system calls decide as one program does', () => {
  const filters = bothFilters(variedProfile()).filter(isFilter);
  assert.is(filters.length, 2);
  assert.not.equal(filters[0], filters[1]);
  assert.equal(differences(filters, [[], [9n, 1n], [3n, 4n]]), []);
});

// The same at each run: a linear congruential generator.
function randomProfile(seed: number): Seccomp {
  let state = seed;
  const pick = <T>(list: readonly T[]): T => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return list[(state >> 8) % list.length] as T;
  };
  const known = Array.from(definitions([HEADER]).keys(), (name) => name.slice(5));
  const names = [...known, 'socketcall', 'ipc', 'recv', 'waitpid', 'no_such_call', 'breakpoint'];
  const actions = ['ALLOW', 'ALLOW', 'ALLOW', 'ERRNO', 'KILL', 'LOG', 'TRAP'].map((name) => `SCMP_ACT_${name}`);
  const argument = () => ({ index: pick([0, 1]), value: pick([0, 1, 2]), op: `SCMP_CMP_${pick(['EQ', 'NE', 'LT'])}` });
  const syscalls = Array.from({ length: 30 }, (_, index): SeccompRule => {
    const ofRule = Array.from({ length: index === 0 ? 200 : pick<number>([1, 2, 5]) }, () => pick(names));
    const isConditional = index > 0 && pick([true, false]);
    // With the same conditions and different actions libseccomp refuses them.
    if (isConditional) return { names: ofRule, action: 'SCMP_ACT_TRACE', args: [argument()] };
    return { names: ofRule, action: pick(actions) };
  });
  const others = OWN === 'x86_64' ? ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] : ['SCMP_ARCH_ARM'];
  return { defaultAction: pick(actions), architectures: pick([others, others.slice(0, 1), []]), syscalls };
}

test('so they do for profiles that nobody has thought of', () => {
  const wrong: string[] = [];
  let built = 0;
  for (let seed = 1; seed <= 8; seed++) {
    const made = bothFilters(randomProfile(seed));
    const filters = made.filter(isFilter);
    if (filters.length === 0) assert.is(made[0], made[1]);
    else {
      assert.is(filters.length, 2);
      built++;
      wrong.push(...differences(filters, [[1n, 2n]]).map((line) => `${seed}: ${line}`));
    }
  }
  assert.ok(built >= 4, `${built} built`);
  assert.equal(wrong, []);
});

const equal = [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }];
const refusals: [name: string, syscalls: SeccompRule[], parts: Partial<Seccomp>, line: RegExp][] = [
  [
    'the same conditions with two actions',
    [rule('getcwd', 5, equal), rule('getcwd', 6, equal)],
    {},
    /^\/linux\/seccomp\/syscalls\/1 \(getcwd\): seccomp_rule_add_array EEXIST — another rule has the same conditions/,
  ],
  [
    'an architecture of another byte order',
    [],
    { architectures: [SCMP_OTHER, 'SCMP_ARCH_S390X'] },
    /^\/linux\/seccomp\/architectures\/1 \(SCMP_ARCH_S390X\): has another byte order than this machine$/,
  ],
  [
    'more than the kernel takes',
    Array.from({ length: 4200 }, (_, value) => rule('getcwd', 5, [{ index: 0, value, op: 'SCMP_CMP_EQ' }])),
    {},
    /^\/linux\/seccomp: the profile makes \d+ instructions, the kernel takes at most 4096$/,
  ],
];
for (const [name, syscalls, parts, line] of refusals) {
  test(`${name}: refused`, () => assert.match(refused(syscalls, parts), line));
}

test.run();
