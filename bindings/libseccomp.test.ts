import { closeSync, fstatSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { memfdCreate } from './files.ts';
import { architectureToken, libseccompVersion, SeccompFilter, syscallOf } from './libseccomp.ts';
import { messageOf } from './root-suite.ts';
import { architecture } from './syscall.ts';
import { syscallNumber } from './syscalls.ts';

const test = suite('bindings/libseccomp');

const [ALLOW, ERRNO] = [0x7fff0000, 0x00050000];
const EQUAL = 4;
const [OWN, OTHER] = architecture === 'arm64' ? ['aarch64', 'x86_64'] : ['x86_64', 'aarch64'];
const tokenOf = (name: string): number => architectureToken(name) ?? 0;

function sizeOf(filter: SeccompFilter): number {
  const fd = memfdCreate('test');
  filter.exportBpf(fd);
  const { size } = fstatSync(fd);
  closeSync(fd);
  filter.release();
  return size;
}

test('the version is three numbers', () => assert.match(libseccompVersion(), /^2\.\d+\.\d+$/));

test('architectures have tokens: AUDIT_ARCH_*', () => {
  assert.equal(['x86_64', 'aarch64', 'x86', 'nothing'].map(architectureToken), [
    0xc000003e,
    0xc00000b7,
    0x40000003,
    undefined,
  ]);
});

test("names become the machine's own numbers; what only others have a negative one, what nobody has none", () => {
  assert.is(syscallOf('openat2'), syscallNumber('openat2', architecture));
  assert.ok((syscallOf('socketcall') ?? 0) < 0);
  assert.is(syscallOf('no_such_call'), undefined);
});

test('a filter is exported as a program, which grows with its rules', () => {
  const empty = sizeOf(new SeccompFilter(ALLOW, tokenOf(OWN)));
  assert.is(empty % 8, 0);
  const filter = new SeccompFilter(ALLOW, tokenOf(OWN));
  filter.addRule(ERRNO, 1, []);
  filter.addRule(ERRNO, 2, [
    { argument: 0, operator: EQUAL, a: 2n ** 64n - 1n, b: 0n },
    { argument: 5, operator: EQUAL, a: 1n, b: 0n },
  ]);
  assert.ok(sizeOf(filter) > empty);
});

test("a filter can be for another architecture than the machine's", () => {
  assert.ok(sizeOf(new SeccompFilter(ALLOW, tokenOf(OTHER))) > 0);
});

const failures: [name: string, line: string, action: () => unknown][] = [
  ['an action that does not exist', 'seccomp_init action 0x1234 EINVAL', () => new SeccompFilter(0x1234, tokenOf(OWN))],
  ['an architecture that does not exist', 'seccomp_arch_add 0x1 EINVAL', () => new SeccompFilter(ALLOW, 1)],
  ['another byte order', 'seccomp_arch_add 0x80000016 EDOM', () => new SeccompFilter(ALLOW, tokenOf('s390x'))],
  [
    'the default action',
    'seccomp_rule_add_array EACCES',
    () => new SeccompFilter(ALLOW, tokenOf(OWN)).addRule(ALLOW, 1, []),
  ],
  ['a closed descriptor', 'seccomp_export_bpf ECANCELED', () => new SeccompFilter(ALLOW, tokenOf(OWN)).exportBpf(-1)],
];
for (const [name, line, action] of failures) test(`${name} is refused`, () => assert.is(messageOf(action), line));

test.run();
