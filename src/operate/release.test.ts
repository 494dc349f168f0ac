import { closeSync, constants, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { socketpair, write } from '../../bindings/files.ts';
import { kill, wait } from '../../bindings/process.ts';
import { StateError, toRuntimeError } from '../errors.ts';
import { SECCOMP_STEP } from '../final/report.ts';
import type { Script } from '../final/script.ts';
import { lifeOf, statusOf } from '../state/status.ts';
import { type ContainerRecord, loadRecord } from '../state/store.ts';
import { makeCreated } from './fixtures/created.ts';
import { release } from './release.ts';

const test = suite('operate/release');
const [SIGKILL, SIGCONT, SIGSTOP] = [9, 18, 19];

let root = '';
test.before.each(() => {
  root = mkdtempSync('/tmp/runts-release-');
});
test.after.each(() => rmSync(root, { recursive: true }));

function outcome(): string {
  try {
    release(root, loadRecord(root, 'web1'));
    return 'done';
  } catch (error) {
    return `${error instanceof StateError ? 'state: ' : ''}${toRuntimeError(error)?.oneLine ?? error}`;
  }
}

const status = () => statusOf(root, loadRecord(root, 'web1'));

// A hierarchy of plain files that says what is asked for.
function frozenCgroup(): ContainerRecord['cgroups'][number] {
  mkdirSync(`${root}/cgroup`);
  writeFileSync(`${root}/cgroup/freezer.state`, 'FROZEN\n');
  return { directory: `${root}/cgroup`, isOwn: true, freezer: 'freezer.state' };
}

function until(isTrue: () => boolean): void {
  const end = performance.now() + 5000;
  while (!isTrue() && performance.now() < end) Bun.sleepSync(5);
}

test("the process becomes the user's program, also if that ends at once", () => {
  const pid = makeCreated(root, { candidates: ['/bin/true'] });
  assert.is(outcome(), 'done');
  assert.is(wait(pid, { block: true })?.code, 0);
});

test('that the seccomp filter cannot be installed is told', () => {
  const last = (script: Script) => script.program.call('seccomp', [1, 0, 0], { step: SECCOMP_STEP });
  const pid = makeCreated(root, { candidates: [], last });
  assert.is(outcome(), '/linux/seccomp: seccomp EFAULT');
  assert.is(wait(pid, { block: true })?.code, 1);
});

test('a process that is stopped by a signal is not waited for, and still waits itself', () => {
  const pid = makeCreated(root, { candidates: ['/bin/true'] });
  kill(pid, SIGSTOP);
  until(() => lifeOf(pid)?.isStopped === true);
  assert.is(outcome(), 'state: cannot start the container: its process is stopped by a signal');
  kill(pid, SIGCONT);
  assert.is(status(), 'created');
  assert.is(outcome(), 'done');
  assert.is(wait(pid, { block: true })?.code, 0);
});

test('one that is frozen before it notices is not waited for, and not started when it goes on', () => {
  const [near, before] = socketpair();
  const pid = makeCreated(root, { candidates: ['/bin/true'], before, parts: { cgroups: [frozenCgroup()] } });
  assert.is(outcome(), 'state: cannot start the container: its cgroup is frozen');
  rmSync(`${root}/cgroup`, { recursive: true });
  write(near, Uint8Array.of(1));
  assert.is(status(), 'created');
  kill(pid, SIGKILL);
  wait(pid, { block: true });
});

test('one that is frozen after that is not waited for either', () => {
  const [near, after] = socketpair();
  const pid = makeCreated(root, { candidates: ['/bin/true'], after, parts: { cgroups: [frozenCgroup()] } });
  assert.match(outcome(), /^state: the container has been started, but its cgroup is frozen: it goes on/);
  write(near, Uint8Array.of(1));
  assert.is(wait(pid, { block: true })?.code, 0);
});

test('a result that was over before anybody looked is not waited for', () => {
  const pid = makeCreated(root, { candidates: ['/bin/true'] });
  const startFd = openSync(`${root}/web1/start`, 'r+');
  assert.is(outcome(), 'done');
  const resultFd = openSync(`${root}/web1/result`, constants.O_RDONLY | constants.O_NONBLOCK);
  release(root, loadRecord(root, 'web1'), resultFd);
  closeSync(startFd);
  wait(pid, { block: true });
});

test('a process that dies before it has executed anything is told from one that ended quickly', () => {
  const pid = makeCreated(root, { candidates: [] });
  assert.is(outcome(), "the container process has ended before it became the user's program");
  wait(pid, { block: true });
});

test('so is one that was killed before it could notice, with the signal', () => {
  const [, before] = socketpair();
  const pid = makeCreated(root, { candidates: ['/bin/true'], before });
  const record = loadRecord(root, 'web1');
  kill(pid, SIGKILL);
  until(() => status() === 'stopped');
  assert.throws(() => release(root, record), /was killed by signal 9 before it became the user's program/);
  wait(pid, { block: true });
  assert.throws(() => release(root, record), /has ended before it became/);
});

test.run();
