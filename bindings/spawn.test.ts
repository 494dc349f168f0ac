import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assemble } from '../src/final/assemble.ts';
import { Program } from '../src/final/program.ts';
import { SyscallError } from './errno.ts';
import { close, fillProgram, memfdProgram, read, setCloseOnExec, socketpair, write } from './files.ts';
import { wait } from './process.ts';
import { rootTest } from './root-suite.ts';
import { type SpawnOptions, spawnProgram } from './spawn.ts';
import { architecture } from './syscall.ts';

const test = suite('bindings/spawn');

function start(content: Uint8Array, options: Partial<SpawnOptions> = {}): number {
  const programFd = memfdProgram('program');
  fillProgram(programFd, content);
  try {
    return spawnProgram(programFd, { name: 'x', inherit: [], firstOwn: 3, ...options });
  } finally {
    close(programFd);
  }
}

// What an action sees of a program while it waits. Programs can't be read, so nobody but root may look into them.
function look<T>(options: Partial<SpawnOptions>, action: (proc: string, waitsOn: number) => T): T {
  const [near, far] = socketpair();
  const program = new Program();
  // posix_spawn(3) comes back a moment before execve has closed what it closes: the program says when it runs.
  program.call('write', [far, program.string('r'), 1]);
  program.waitByte(far);
  const inherit = [far, ...(options.inherit ?? [])];
  const pid = start(assemble(program, architecture), { ...options, inherit });
  close(far);
  read(near, new Uint8Array(1));
  const result = action(`/proc/${pid}`, far);
  write(near, Uint8Array.of(1));
  close(near);
  wait(pid, { block: true });
  return result;
}

test('a program is started, and its exit code is its own', () => {
  const codes = ['/bin/true', '/bin/false'].map((path) => wait(start(readFileSync(path)), { block: true })?.code);
  assert.equal(codes, [0, 1]);
});

test('what is no program is refused with its errno', () => {
  const saysSo = (error: unknown) =>
    error instanceof SyscallError && /^posix_spawn .*program.* ENOEXEC$/.test(error.message);
  assert.throws(() => start(new TextEncoder().encode('hello')), saysSo);
});

rootTest(test, 'it has the name that it was given, and no environment', () => {
  const [name, environment] = look({ name: 'ä b' }, (proc) => [
    readFileSync(`${proc}/cmdline`, 'utf8'),
    readFileSync(`${proc}/environ`, 'utf8'),
  ]);
  assert.equal([name, environment], ['ä b\0', '']);
});

rootTest(test, 'beyond standard input and output it inherits only the descriptors that are named', () => {
  const [kept, other] = [openSync('/etc/passwd', 'r'), openSync('/etc/passwd', 'r')];
  setCloseOnExec(other, false);
  look({ inherit: [kept] }, (proc, waitsOn) => {
    const fds = readdirSync(`${proc}/fd`).map(Number);
    assert.equal(fds.sort(), [0, 1, 2, waitsOn, kept].sort());
  });
  for (const fd of [kept, other]) closeSync(fd);
});

rootTest(test, 'a descriptor that was passed on once is not passed on again', () => {
  const fd = openSync('/etc/passwd', 'r');
  look({ inherit: [fd] }, () => {});
  look({}, (proc) => assert.not.ok(readdirSync(`${proc}/fd`).includes(String(fd))));
  closeSync(fd);
});

rootTest(test, "the caller's descriptors, below the first own one, are passed on as they are", () => {
  const hasThree = (firstOwn: number) => look({ firstOwn }, (proc) => readdirSync(`${proc}/fd`).includes('3'));
  assert.equal([3, 4].map(hasThree), [false, true]);
});

test.run();
