import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { definitions } from './kernel-headers.ts';
import { type Architecture, type SyscallName, syscallNumber } from './syscalls.ts';

const test = suite('bindings/syscalls');

const numbers: [name: SyscallName, x64: number, arm64: number][] = [
  ['read', 0, 63],
  ['execve', 59, 221],
  ['mount', 165, 40],
  ['exit_group', 231, 94],
  ['clone3', 435, 435],
  ['mount_setattr', 442, 442],
  ['fchmodat2', 452, 452],
];
for (const [name, x64, arm64] of numbers) {
  test(`${name} is ${x64} on x86_64 and ${arm64} on arm64`, () => {
    assert.equal([syscallNumber(name, 'x64'), syscallNumber(name, 'arm64')], [x64, arm64]);
  });
}

const source = readFileSync(`${import.meta.dir}/syscalls.ts`, 'utf8');
const names = [...source.matchAll(/^ {2}(\w+): \[\d+, \d+\],$/gm)].map((match) => match[1] as SyscallName);

// arm64 has the generic table; 3264 marks calls that 32-bit machines have in two forms.
const HEADERS: Record<Architecture, [header: string, prefixes: string[]]> = {
  x64: ['x86_64-linux-gnu/asm/unistd_64.h', ['__NR_']],
  arm64: ['asm-generic/unistd.h', ['__NR_', '__NR3264_']],
};

/** Linux 6.6; Debian 12 has the headers of 6.1. */
const NEWER_THAN_HEADERS = new Set<SyscallName>(['fchmodat2']);

for (const architecture of ['x64', 'arm64'] as const) {
  const [header, prefixes] = HEADERS[architecture];
  const kernel = definitions([header]);
  const name = `the table has the kernel's numbers for ${architecture}`;
  if (kernel.size === 0) {
    console.log(`skipped: needs linux-libc-dev: ${name}`);
    test.skip(name);
    continue;
  }
  test(name, () => {
    assert.ok(names.length > 60);
    const numberIn = (syscall: string) =>
      prefixes.map((prefix) => kernel.get(prefix + syscall)).find((number) => number !== undefined);
    const known = names.filter((syscall) => !NEWER_THAN_HEADERS.has(syscall) || numberIn(syscall) !== undefined);
    const wrong = known.filter((syscall) => syscallNumber(syscall, architecture) !== numberIn(syscall));
    assert.equal(wrong, []);
  });
}

test.run();
