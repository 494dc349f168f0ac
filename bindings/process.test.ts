import { openSync, readFileSync, readlinkSync } from 'node:fs';
import * as assert from 'uvu/assert';
import * as K from './constants.ts';
import { SyscallError } from './errno.ts';
import { dup3, fillProgram, memfdCreate, memfdProgram, pollReadable, read } from './files.ts';
import * as P from './process.ts';
import { inChild, messageOf, rootTest, strictSuite } from './strict-suite.ts';

const test = strictSuite('bindings/process', import.meta.path);

const NO_PID = 4194305;
const namespace = (kind: string): string => readlinkSync(`/proc/self/ns/${kind}`);
const status = (name: string): string =>
  new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';

// Each wrapper once so that it fails; execve and those for resources are further down.
const failures: [line: string, action: () => unknown][] = [
  ['clone3 CLONE_NEWUSER|CLONE_NEWPID EINVAL', () => P.clone(K.CLONE_NEWUSER | K.CLONE_NEWPID | 0x200 | 0x100)],
  ['clone3 EBADF', () => P.clone(0, 9999)],
  ['unshare CLONE_NEWNS EINVAL', () => P.unshare(K.CLONE_NEWNS | 1)],
  ['setns /x EBADF', () => P.setns(-1, K.CLONE_NEWNET, '/x')],
  ['prctl EINVAL', () => P.prctl(12345)],
  ['pidfd_open EINVAL', () => P.pidfdOpen(-5)],
  ['pidfd_send_signal signal 9 EBADF', () => P.pidfdSendSignal(-1, 9)],
  ['kill 1 EINVAL', () => P.kill(1, 99)],
  ['rt_sigaction signal 9 EINVAL', () => P.resetSignal(K.SIGKILL)],
  ['prlimit64 EINVAL', () => P.getRlimit(0, 99)],
  ['prlimit64 EINVAL', () => P.setRlimit(7, { soft: 2n, hard: 1n })],
  ['execve /nowhere ENOENT', () => P.execve('/nowhere', ['x'], [])],
  ['execveat name EBADF', () => P.execveFd(-1, 'name')],
];
for (const [line, action] of failures) {
  test(`fails with: ${line}`, () => {
    assert.throws(action, (error: unknown) => error instanceof SyscallError && error.message === line);
  });
}

test('a cloned process goes on behind the call with a copy of the memory', () => {
  const before = { count: 1 };
  const parentPid = P.getpid();
  const answer = inChild(() => {
    before.count++;
    return [before.count, P.getpid() !== parentPid].join();
  });
  assert.equal([answer, before.count], ['2,true', 1]);
});

test('the exit code of a child is waited for', () => {
  const pid = P.clone(0);
  if (pid === 0) P.exitNow(42);
  assert.equal(P.wait(pid, { block: true }), { pid, code: 42, signal: 0 });
});

test('a child that was killed has 128 + the signal as its code', () => {
  const pid = P.clone(0);
  if (pid === 0) for (;;) pollReadable([], 1000);
  assert.is(P.wait(pid, { block: false }), undefined);
  assert.ok(P.kill(pid, K.SIGKILL));
  assert.equal(P.wait(pid, { block: true }), { pid, code: 137, signal: 9 });
});

test('without children there is nothing to wait for', () => assert.is(P.wait(-1, { block: true }), undefined));

test('CLONE_PARENT makes a sibling of the process', () => {
  const sibling = Number(
    inChild(() => {
      const pid = P.clone(K.CLONE_PARENT);
      if (pid === 0) P.exitNow(5);
      return pid;
    }),
  );
  assert.is(P.wait(sibling, { block: true })?.code, 5);
});

rootTest(test, 'a process is made together with its namespaces', () => {
  const flags = K.CLONE_NEWPID | K.CLONE_NEWUTS | K.CLONE_NEWNET;
  const [pid, ...namespaces] = inChild(() => [P.getpid(), namespace('uts'), namespace('net')].join(), flags).split(',');
  assert.is(pid, '1');
  assert.ok(namespaces[0] !== namespace('uts') && namespaces[1] !== namespace('net'));
});

rootTest(test, 'a namespace is made, and another entered', () => {
  const answer = inChild(() => {
    const before = openSync('/proc/self/ns/uts', 'r');
    P.unshare(K.CLONE_NEWUTS);
    const made = namespace('uts');
    P.setns(before, K.CLONE_NEWUTS);
    return [made !== namespace('uts'), namespace('uts'), P.trySetns(before, K.CLONE_NEWNET)].join();
  });
  assert.is(answer, `true,${namespace('uts')},-22`);
});

rootTest(test, 'a user namespace can be made, which the kernel refuses to a process with several threads', () => {
  assert.ok(P.isSingleThreaded());
  assert.is(
    inChild(() => P.unshare(K.CLONE_NEWUSER)),
    'undefined',
  );
});

test('a program gets exactly the arguments and the environment that it was given', () => {
  const script = 'printf "%s|" "$0" "$@" "$A" "$PATH"; env | wc -l';
  const text = outputOf('/bin/sh', ['sh', '-c', script, 'ä', '', 'b c'], ['A=1 2', 'PATH=/bin:/usr/bin']);
  // The shell itself adds PWD.
  assert.is(text.trim(), 'ä||b c|1 2|/bin:/usr/bin|3');
});

function outputOf(path: string, args: string[], env: string[]): string {
  const fd = memfdCreate('output');
  const pid = P.clone(0);
  if (pid === 0) {
    messageOf(() => dup3(fd, 1));
    messageOf(() => P.execve(path, args, env));
    P.exitNow(1);
  }
  P.wait(pid, { block: true });
  return readFileSync(`/proc/self/fd/${fd}`, 'utf8');
}

test('a program in memory is executed by its descriptor', () => {
  const fd = memfdProgram('true');
  fillProgram(fd, readFileSync('/bin/true'));
  const pid = P.clone(0);
  if (pid === 0) {
    messageOf(() => P.execveFd(fd, 'true'));
    P.exitNow(1);
  }
  assert.is(P.wait(pid, { block: true })?.code, 0);
});

test('prctl changes the process', () => {
  const answer = inChild(() => {
    P.prctl(K.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return status('NoNewPrivs');
  });
  assert.is(answer, '1');
});

test('a pidfd gets a signal, and can be read when the process has ended', () => {
  const pid = P.clone(0);
  if (pid === 0) for (;;) pollReadable([], 1000);
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

test('blocked signals wait in a signalfd', () => {
  const answer = inChild(() => {
    const mask = (1n << 9n) | (1n << 63n);
    P.setSignalMask(mask);
    const fd = P.signalfd(mask);
    P.kill(P.getpid(), 10);
    const info = new Uint8Array(128);
    const length = read(fd, info);
    const blocked = status('SigBlk');
    P.setSignalMask(0n);
    return [length, info[0], blocked, status('SigBlk')].join();
  });
  assert.is(answer, '128,10,8000000000000200,0000000000000000');
});

test('a signal gets its default action back', () => {
  const answer = inChild(() => {
    const ignored = status('SigIgn');
    P.resetSignal(13);
    return [ignored, status('SigIgn')].map((mask) => (BigInt(`0x${mask}`) >> 12n) & 1n).join();
  });
  assert.is(answer, '1,0');
});

test('limits are set and read back with all of their 64 bits', () => {
  const CORE = 4;
  const answer = inChild(() => {
    P.setRlimit(CORE, { soft: 5n, hard: 2n ** 40n + 1n });
    const { soft, hard } = P.getRlimit(0, CORE);
    return [soft, hard].join();
  });
  assert.is(answer, `5,${2n ** 40n + 1n}`);
});

test('the capabilities are those that /proc tells', () => {
  const hex = (mask: bigint) => mask.toString(16).padStart(16, '0');
  const { effective, permitted, inheritable } = P.capget();
  assert.equal([effective, permitted, inheritable].map(hex), ['CapEff', 'CapPrm', 'CapInh'].map(status));
});

test.run();
