import { existsSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { close, fillProgram, memfdProgram, socketpair } from '../../bindings/files.ts';
import { kill, peekEnd, wait } from '../../bindings/process.ts';
import { spawnProgram } from '../../bindings/spawn.ts';
import { architecture } from '../../bindings/syscall.ts';
import { assemble } from '../final/assemble.ts';
import { Program } from '../final/program.ts';
import { endAll, endCreated, untold } from './ends.ts';

const test = suite('create/ends');

const [near, far] = socketpair();

/** A child that waits, or ends at once. */
function start({ ends = false } = {}): number {
  const program = new Program();
  if (!ends) program.waitByte(far);
  const programFd = memfdProgram('test');
  fillProgram(programFd, assemble(program, architecture));
  const pid = spawnProgram(programFd, { name: 'test', inherit: [far], firstOwn: 3 });
  close(programFd);
  return pid;
}

const isAlive = (pid: number): boolean => peekEnd(pid, { block: false }) === undefined && existsSync(`/proc/${pid}`);
const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`);
// proc_pid_children(5)
const knowsChildren = existsSync(`/proc/self/task/${process.pid}/children`);

test('what has been told is ended, and how the last one has is known', () => {
  const pids = [start({ ends: true }), undefined, start()];
  peekEnd(pids[0] ?? 0, { block: true });
  assert.is(endAll(pids)?.signal, 9);
  assert.not.ok(pids.some((pid) => pid !== undefined && isThere(pid)));
});

test('the container process alone is ended, once it is known', () => {
  const [starter, container] = [start(), start()];
  endCreated(container, starter);
  assert.equal([isThere(starter), isThere(container)], [true, false]);
  endAll([starter]);
});

test('before that, its starter and what that has made; not what was there before', () => {
  const [older, starter, container] = [start(), start({ ends: true }), start()];
  if (knowsChildren) assert.equal(untold([starter]), [container]);
  endCreated(0, starter);
  assert.equal([isAlive(older), isThere(starter), isThere(container)], [true, false, !knowsChildren]);
  endAll([older, container]);
});

test('where none was started, none is ended', () => {
  const other = start();
  endCreated(0, 0);
  assert.ok(isAlive(other));
  kill(other, 9);
  wait(other, { block: true });
});

test.after(() => {
  close(near);
  close(far);
});

test.run();
