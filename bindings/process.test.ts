import { spawnSync } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assemble } from '../src/final/assemble.ts';
import { Program } from '../src/final/program.ts';
import * as K from './constants.ts';
import { SyscallError } from './errno.ts';
import { close, fillProgram, memfdProgram, pollReadable, socketpair, write } from './files.ts';
import * as P from './process.ts';
import { spawnProgram } from './spawn.ts';
import { architecture } from './syscall.ts';

const test = suite('bindings/process');

const NO_PID = 4194305;

// A child that does what its program says.
function start(build: (program: Program) => void, inherit: number[] = []): number {
  const program = new Program();
  build(program);
  const programFd = memfdProgram('test');
  fillProgram(programFd, assemble(program, architecture));
  const pid = spawnProgram(programFd, { name: 'test', inherit, firstOwn: 3 });
  close(programFd);
  return pid;
}

// A child that goes on when it gets a byte.
function startWaiting(): { pid: number; go: () => void } {
  const [near, far] = socketpair();
  const pid = start((program) => program.waitByte(far), [far]);
  close(far);
  return { pid, go: () => write(near, Uint8Array.of(1)) };
}

// Each wrapper that can fail with what it lets through.
const failures: [line: string, action: () => unknown][] = [
  ['wait4 ESRCH', () => P.wait(-(2 ** 31), { block: false })],
  ['pidfd_open EINVAL', () => P.pidfdOpen(-5)],
  ['pidfd_send_signal signal 9 EBADF', () => P.pidfdSendSignal(-1, 9)],
  ['kill 1 EINVAL', () => P.kill(1, 99)],
  ['prlimit64 EINVAL', () => P.getRlimit(0, 99)],
];
for (const [line, action] of failures) {
  test(`fails with: ${line}`, () => {
    assert.throws(action, (error: unknown) => error instanceof SyscallError && error.message === line);
  });
}

test('the exit code of a child is waited for', () => {
  const pid = start((program) => program.exit(42));
  assert.equal(P.wait(pid, { block: true }), { pid, code: 42, signal: 0 });
});

test('a child that was killed has 128 + the signal as its code', () => {
  const { pid } = startWaiting();
  assert.is(P.wait(pid, { block: false }), undefined);
  assert.ok(P.kill(pid, K.SIGKILL));
  assert.equal(P.wait(pid, { block: true }), { pid, code: 137, signal: 9 });
});

test('how a child has ended can be looked at before it is waited for', () => {
  const { pid } = startWaiting();
  assert.is(P.peekEnd(pid, { block: false }), undefined);
  P.kill(pid, 9);
  const killed = { pid, code: 137, signal: 9 };
  assert.equal([P.peekEnd(pid, { block: true }), P.peekEnd(pid, { block: false })], [killed, killed]);
  assert.equal(P.wait(pid, { block: true }), killed);
  assert.is(P.peekEnd(pid, { block: true }), undefined);
  const exited = start((program) => program.exit(42));
  assert.equal(P.peekEnd(exited, { block: true }), { pid: exited, code: 42, signal: 0 });
  P.wait(exited, { block: true });
});

test('a child that another child has made with CLONE_PARENT is waited for as well', () => {
  const starter = start((program) => {
    const pid = program.slot();
    program.call('clone', [K.CLONE_PARENT, 0, 0, 0, 0], { save: pid });
    program.ifZero(pid, 'child');
    program.exit(1);
    program.label('child');
    program.exit(5);
  });
  const codes = [P.wait(-1, { block: true }), P.wait(-1, { block: true })].map((ended) => ended?.code);
  assert.equal(codes.sort(), [1, 5]);
  assert.is(P.wait(starter, { block: true }), undefined);
});

test('of a process that is no child there is nothing to wait for', () => {
  assert.is(P.wait(1, { block: true }), undefined);
});

test('a pidfd gets a signal, and can be read when the process has ended', () => {
  const { pid } = startWaiting();
  const pidfd = P.pidfdOpen(pid) ?? -1;
  assert.equal(pollReadable([pidfd], 0), [false]);
  assert.ok(P.pidfdSendSignal(pidfd, 15));
  assert.equal(pollReadable([pidfd], 5000), [true]);
  assert.is(P.wait(pid, { block: true })?.signal, 15);
  assert.is(P.pidfdSendSignal(pidfd, 15), false);
});

test('for a pid that nobody has there is no pidfd, and a signal reaches nobody', () => {
  assert.equal([P.pidfdOpen(NO_PID), P.kill(NO_PID, 0)], [undefined, false]);
});

test('nor is there one for a pid that only a session has, whose leader has ended', () => {
  const script = 'echo $$; sleep 5 >/dev/null 2>&1 & echo $!';
  const [leader = 0, member = 0] = spawnSync('setsid', ['--wait', 'sh', '-c', script], { encoding: 'utf8' })
    .stdout.split('\n')
    .map(Number);
  assert.is(P.pidfdOpen(leader), undefined);
  assert.ok(P.kill(member, 9));
});

const kinds: [file: string, flag: number][] = [
  ['user', K.CLONE_NEWUSER],
  ['mnt', K.CLONE_NEWNS],
  ['uts', K.CLONE_NEWUTS],
  ['ipc', K.CLONE_NEWIPC],
  ['net', K.CLONE_NEWNET],
  ['pid', K.CLONE_NEWPID],
  ['cgroup', K.CLONE_NEWCGROUP],
  ['time', K.CLONE_NEWTIME],
];
for (const [file, flag] of kinds) {
  test(`a ${file} namespace is told by its flag`, () => {
    const fd = openSync(`/proc/self/ns/${file}`, 'r');
    assert.is(P.namespaceFlag(fd), flag);
    close(fd);
  });
}

for (const path of ['/etc/passwd', '/proc/self/status', '/dev/null', '/']) {
  test(`${path} is no namespace`, () => {
    const fd = openSync(path, 'r');
    assert.is(P.namespaceFlag(fd), undefined);
    close(fd);
  });
}

test('limits are read with all of their 64 bits, also those of another process', () => {
  const { pid, go } = startWaiting();
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  const [, soft, hard] = /^Max open files +(\d+) +(\d+)/m.exec(limits) ?? [];
  assert.equal(P.getRlimit(pid, 7), { soft: BigInt(soft ?? 0), hard: BigInt(hard ?? 0) });
  assert.match(limits, /^Max file size +unlimited +unlimited/m);
  assert.is(P.getRlimit(pid, 1).hard, 0xffffffffffffffffn);
  go();
  P.wait(pid, { block: true });
});

// In a process with one thread: the mask is a thread's, a signal reaches any that has not blocked it.
test('blocked signals wait in a signalfd', () => {
  const script = `
    const P = await import('${import.meta.dir}/process.ts');
    const { read } = await import('${import.meta.dir}/files.ts');
    const { readFileSync } = await import('node:fs');
    const blocked = () => /SigBlk:\\t(.*)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
    const mask = (1n << 9n) | (1n << 63n);
    P.setSignalMask(mask);
    const fd = P.signalfd(mask);
    P.kill(process.pid, 10);
    const info = new Uint8Array(128);
    const length = read(fd, info);
    const before = blocked();
    P.setSignalMask(0n);
    console.log(length, info[0], before, blocked());`;
  const env = { BUN_JSC_useJIT: '0', BUN_JSC_useConcurrentGC: '0', BUN_JSC_numberOfGCMarkers: '1' };
  const { stdout } = spawnSync(process.execPath, ['-e', script], {
    env: { ...env, BUN_FEATURE_FLAG_DISABLE_ASYNC_TRANSPILER: '1' },
    encoding: 'utf8',
  });
  assert.is(stdout, '128 10 8000000000000200 0000000000000000\n');
});

test.run();
