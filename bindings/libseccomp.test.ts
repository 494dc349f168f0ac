import { closeSync, existsSync, fstatSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { memfdCreate } from './files.ts';
import { definitions } from './kernel-headers.ts';
import {
  architectureToken,
  conditionsOf,
  libseccompVersion,
  NR_SCMP_ERROR,
  resolveArchitecture,
  SeccompFilter,
  SyscallNames,
} from './libseccomp.ts';
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

test("the usual architectures' tokens are the library's", () => {
  for (const name of ['x86_64', 'x86', 'x32', 'aarch64', 'arm', 'ppc64le', 'nothing']) {
    assert.is(architectureToken(name), resolveArchitecture(name), name);
  }
});

test("names become an architecture's numbers; what only others have a negative one, what nobody has the error", () => {
  const names = new SyscallNames(['openat2', 'socketcall', 'no_such_call', 'getpid']);
  const [openat2, socketcall = 0, none, getpid] = names.numbersOn(tokenOf(OWN));
  assert.equal(
    [openat2, none, getpid],
    [syscallNumber('openat2', architecture), NR_SCMP_ERROR, syscallNumber('getpid', architecture)],
  );
  assert.ok(socketcall < 0);
  assert.not.equal(socketcall, NR_SCMP_ERROR);
  assert.equal([...names.numbersOn(tokenOf('x86'))], [437, 102, NR_SCMP_ERROR, 20]);
});

test('names may be anything', () => {
  const names = new SyscallNames(['', 'gétpid', '\u0167etpid', 'getpid\0', '\ud800', 'getpid']);
  const own = syscallNumber('getpid', architecture);
  assert.equal(
    [...names.numbersOn(tokenOf(OWN))],
    [...Array.from({ length: 3 }, () => NR_SCMP_ERROR), own, NR_SCMP_ERROR, own],
  );
});

// What is written in native numbers is translated by name: a second name for one number would be another number there.
test("each of the machine's own numbers has one name", () => {
  const headers = ['asm-generic/unistd.h', 'x86_64-linux-gnu/asm/unistd_32.h', 'x86_64-linux-gnu/asm/unistd_64.h'];
  const all = headers
    .filter((file) => existsSync(`/usr/include/${file}`))
    .flatMap((file) => [...definitions([file]).keys()]);
  const names = [...new Set(all.filter((name) => name.startsWith('__NR_')).map((name) => name.slice(5)))];
  const own = new SyscallNames(names).numbersOn(tokenOf(OWN)).filter((number) => number >= 0);
  assert.ok(own.length > 250);
  assert.is(new Set(own).size, own.length);
});

test('a filter is exported as a program, which grows with its rules', () => {
  const empty = sizeOf(new SeccompFilter(ALLOW, tokenOf(OWN)));
  assert.is(empty % 8, 0);
  const filter = new SeccompFilter(ALLOW, tokenOf(OWN));
  filter.addRule(ERRNO, 1, conditionsOf([]));
  const conditions = conditionsOf([
    { argument: 0, operator: EQUAL, a: 2n ** 64n - 1n, b: 0n },
    { argument: 5, operator: EQUAL, a: 1n, b: 0n },
  ]);
  filter.addRule(ERRNO, 2, conditions);
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
    () => new SeccompFilter(ALLOW, tokenOf(OWN)).addRule(ALLOW, 1, conditionsOf([])),
  ],
  ['a closed descriptor', 'seccomp_export_bpf ECANCELED', () => new SeccompFilter(ALLOW, tokenOf(OWN)).exportBpf(-1)],
];
for (const [name, line, action] of failures) test(`${name} is refused`, () => assert.is(messageOf(action), line));

test.run();
