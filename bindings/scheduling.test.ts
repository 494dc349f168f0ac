import { spawn } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SyscallError } from './errno.ts';
import { messageOf } from './root-suite.ts';
import * as S from './scheduling.ts';

const test = suite('bindings/scheduling');

const child = spawn('sleep', ['60'], { stdio: 'ignore' });
const pid = child.pid ?? -1;
test.after(() => void child.kill('SIGKILL'));

const NO_PID = 4194305;
const NONE = { policy: 0, flags: 0, nice: 0, priority: 0, runtime: 0n, deadline: 0n, period: 0n };

const failures: [line: string, action: () => unknown][] = [
  ['sched_setattr ESRCH', () => S.schedSetattr(NO_PID, NONE)],
  ['sched_setattr EINVAL', () => S.schedSetattr(pid, { ...NONE, policy: 4 })],
  ['sched_getattr ESRCH', () => S.schedGetattr(NO_PID)],
  ['ioprio_set ESRCH', () => S.ioprioSet(NO_PID, 2 << 13)],
  ['ioprio_set EINVAL', () => S.ioprioSet(pid, 7 << 13)],
  ['ioprio_get ESRCH', () => S.ioprioGet(NO_PID)],
  ['sched_setaffinity ESRCH', () => S.schedSetaffinity(NO_PID, Uint8Array.of(1))],
  ['sched_setaffinity EINVAL', () => S.schedSetaffinity(pid, Uint8Array.of(0))],
  ['sched_getaffinity EINVAL', () => S.schedGetaffinity(pid, 0)],
];
for (const [line, action] of failures) {
  test(`fails with: ${line}`, () => {
    assert.is(messageOf(action), line);
    assert.throws(action, (error: unknown) => error instanceof SyscallError);
  });
}

test('scheduling attributes are read back as they were set', () => {
  S.schedSetattr(pid, { ...NONE, policy: 3, nice: 7, flags: 1 });
  const { runtime: _, ...read } = S.schedGetattr(pid);
  assert.equal(read, { policy: 3, flags: 1, nice: 7, priority: 0, deadline: 0n, period: 0n });
});

test('an I/O priority is read back as it was set', () => {
  S.ioprioSet(pid, (2 << 13) | 6);
  assert.is(S.ioprioGet(pid), (2 << 13) | 6);
});

test('an affinity is read back as it was set; CPUs that there are not don’t matter', () => {
  const mask = new Uint8Array(1024).fill(0xff);
  S.schedSetaffinity(pid, Uint8Array.of(1));
  assert.is(S.schedGetaffinity(pid, 1024)[0], 1);
  S.schedSetaffinity(pid, mask);
  assert.equal(S.schedGetaffinity(pid, 1024), S.schedGetaffinity(process.pid, 1024));
});

test.run();
