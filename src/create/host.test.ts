import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RuntimeError } from '../errors.ts';
import { checkPlatform, readHostFacts } from './host.ts';

const test = suite('create/host');

for (const kernel of ['5.14.0', '5.14.0-503.el9.x86_64', '5.15', '6.0', '6.18.44-fc-v657', '10.1.0-rc1+']) {
  test(`Linux ${kernel} is supported`, () => {
    for (const architecture of ['x64', 'arm64']) assert.not.throws(() => checkPlatform(kernel, architecture));
  });
}

for (const kernel of ['5.13.19', '5.4.0-generic', '4.18.0', '3.10']) {
  test(`Linux ${kernel} is refused by its version`, () => {
    const namesIt = (error: unknown) =>
      error instanceof RuntimeError && error.reason.includes(`Linux ${kernel} is too old`);
    assert.throws(() => checkPlatform(kernel, 'x64'), namesIt);
  });
}

for (const architecture of ['arm', 'ia32', 'riscv64', 's390x']) {
  test(`the architecture ${architecture} is refused by its name`, () => {
    const namesIt = (error: unknown) => error instanceof RuntimeError && error.reason.includes(architecture);
    assert.throws(() => checkPlatform('6.1.0', architecture), namesIt);
  });
}

function field(name: string): string {
  return new RegExp(`^${name}:\\t(\\w+)$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
}

test('the facts are those of this process', () => {
  const { grantableCapabilities, lastCapability, umask } = readHostFacts();
  const both = BigInt(`0x${field('CapPrm')}`) & BigInt(`0x${field('CapBnd')}`);
  assert.is(grantableCapabilities, both);
  assert.is(lastCapability, Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8')));
  assert.is(umask, Number.parseInt(field('Umask'), 8));
});

test("reading them leaves the caller's umask alone: files are still to be made with it", () => {
  const before = process.umask();
  readHostFacts();
  assert.is(process.umask(), before);
});

function factsBelow(shell: string, expression: string): string {
  const script = `const { readHostFacts } = await import('${import.meta.dir}/host.ts'); const facts = readHostFacts(); console.log(String(${expression}))`;
  const command = `${shell} exec "$0" -e "$1"`;
  return spawnSync('sh', ['-c', command, process.execPath, script], { encoding: 'utf8' }).stdout.trim();
}

const inherited: [name: string, shell: string, expression: string, value: string][] = [
  ['the umask', 'umask 0137;', 'facts.umask.toString(8)', '137'],
  ['ignored signals', "trap '' HUP USR1;", 'facts.ignoredSignals.filter((n) => n === 1 || n === 10)', '1,10'],
  [
    "the caller's soft limit of open files, as noted",
    'RUNTS_NOFILE=0x000000000000004d;export RUNTS_NOFILE;',
    'facts.openFiles.soft',
    '77',
  ],
  [
    'a note in another form does not count',
    'ulimit -n 512;RUNTS_NOFILE=77;export RUNTS_NOFILE;',
    'facts.openFiles.soft',
    '512',
  ],
  ['the hard limit of open files', 'ulimit -n 640;', 'facts.openFiles.hard', '640'],
];
for (const [name, shell, expression, value] of inherited) {
  test(`inherited: ${name}`, () => assert.is(factsBelow(shell, expression), value));
}

test.run();
