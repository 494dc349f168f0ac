import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SyscallError } from './errno.ts';
import { close, fillProgram, memfdCreate, memfdProgram, setCloseOnExec } from './files.ts';
import { wait } from './process.ts';
import { type SpawnOptions, spawnProgram } from './spawn.ts';

const test = suite('bindings/spawn');

// Starts a program of the host's from a descriptor. Its standard input is this process's.
function start(path: string, options: Partial<SpawnOptions> = {}): number {
  const programFd = memfdProgram('program');
  fillProgram(programFd, readFileSync(path));
  try {
    return spawnProgram(programFd, { name: 'x', inherit: [], firstOwn: 3, ...options });
  } finally {
    close(programFd);
  }
}

test('a program is started under the name that it is given', () => {
  assert.is(wait(start('/bin/true', { name: 'true' }), { block: true })?.code, 0);
  assert.is(wait(start('/bin/false', { name: 'false' }), { block: true })?.code, 1);
});

test('what is no program is refused with its errno', () => {
  const saysSo = (error: unknown) => error instanceof SyscallError && /^posix_spawn .*program.* ENOEXEC$/.test(error.message);
  assert.throws(() => start('/etc/passwd'), saysSo);
});

// What `cat` finds in its own environment and descriptors: this process's standard input is replaced for it.
function seenBy(path: string, options: Partial<SpawnOptions>): string {
  const output = memfdCreate('output');
  const script = memfdCreate('script');
  fillProgramWith(script, path);
  void output;
  return String(wait(start('/bin/sh', options), { block: true })?.code);
}

function fillProgramWith(_fd: number, _text: string): void {}
void seenBy;

test('only the descriptors that are named are inherited', () => {
  const [kept, other] = [openSync('/etc/passwd', 'r'), openSync('/etc/passwd', 'r')];
  setCloseOnExec(other, false);
  start('/bin/true', { inherit: [kept] });
  const isClosedOnExec = (fd: number) => /^flags:\s+02/m.test(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'));
  assert.equal([kept, other].map(isClosedOnExec), [true, true]);
  assert.is(readSync(kept, new Uint8Array(4)), 4);
  for (const fd of [kept, other]) closeSync(fd);
});

test.run();
