import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, copyFileSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NO_PID, sampleRecord } from './fixtures/record.ts';
import { containerPidOf, lifeOf, startTimeOf, statusOf } from './status.ts';
import { type ContainerRecord, type FreezerFile, markCreated, START_FIFO } from './store.ts';

const test = suite('state/status');

const root = mkdtempSync('/tmp/runts-status-');
const fifo = `${root}/web1/${START_FIFO}`;
let sleeper: ChildProcess;
let livePid = 0;

test.before(() => {
  mkdirSync(`${root}/web1`);
  spawnSync('mkfifo', [fifo]);
  sleeper = spawn('sleep', ['60']);
  livePid = sleeper.pid ?? 0;
});
test.after(() => {
  sleeper.kill('SIGKILL');
  rmSync(root, { recursive: true });
});

const GONE = { pid: NO_PID, startTime: '1' };

function record(parts: Partial<ContainerRecord>): ContainerRecord {
  return sampleRecord({ pid: livePid, startTime: startTimeOf(livePid) ?? '', creator: GONE, ...parts });
}

const self = (): ContainerRecord['creator'] => ({ pid: process.pid, startTime: startTimeOf(process.pid) ?? '' });

test('before there is a process, a container is being created as long as `create` lives', () => {
  assert.is(statusOf(root, record({ pid: 0, creator: self() })), 'creating');
  assert.is(statusOf(root, record({ pid: 0 })), 'stopped');
});

test("a creator's pid that belongs to another process by now does not count", () => {
  assert.is(statusOf(root, record({ pid: 0, creator: { ...self(), startTime: '1' } })), 'stopped');
});

test('while its process is being set up, a container is being created', () => {
  assert.is(statusOf(root, record({})), 'creating');
  markCreated(root, 'web1');
});

test('while its process reads from the FIFO, a container is created', () => {
  const reader = openSync(fifo, constants.O_RDWR);
  assert.is(statusOf(root, record({})), 'created');
  closeSync(reader);
});

test('a created container that is frozen is paused, as for runc', () => {
  const reader = openSync(fifo, constants.O_RDWR);
  const directory = `${root}/frozen`;
  mkdirSync(directory);
  writeFileSync(`${directory}/freezer.state`, 'FROZEN');
  assert.is(statusOf(root, record({ cgroups: [{ directory, isOwn: true, freezer: 'freezer.state' }] })), 'paused');
  closeSync(reader);
});

test('when nobody reads from the FIFO, a container is running', () => {
  assert.is(statusOf(root, record({})), 'running');
});

test('without a process it is stopped', () => assert.is(statusOf(root, record(GONE)), 'stopped'));

test('a pid that belongs to another process by now is not the container', () => {
  assert.is(statusOf(root, record({ startTime: '1' })), 'stopped');
});

const freezers: [file: FreezerFile, content: string, status: string][] = [
  ['freezer.state', 'FROZEN\n', 'paused'],
  ['freezer.state', 'FREEZING\n', 'paused'],
  ['freezer.state', 'THAWED\n', 'running'],
  ['cgroup.freeze', '1\n', 'paused'],
  ['cgroup.freeze', '0\n', 'running'],
];
for (const [file, content, status] of freezers) {
  test(`${file} ${content.trim()} means ${status}`, () => {
    const directory = `${root}/cgroup`;
    mkdirSync(directory);
    writeFileSync(`${directory}/${file}`, content);
    const cgroups = ['/nowhere', directory].map((directory) => ({ directory, isOwn: true, freezer: file }));
    const found = statusOf(root, record({ cgroups }));
    rmSync(directory, { recursive: true });
    assert.is(found, status);
  });
}

test('a live process has a start time, one that is gone has none', () => {
  assert.match(startTimeOf(process.pid) ?? '', /^\d+$/);
  assert.is(startTimeOf(GONE.pid), undefined);
});

test('a name with brackets and spaces does not confuse the start time', () => {
  const program = `${root}/) R (1 2`;
  copyFileSync('/bin/sleep', program);
  const child = spawn(program, ['60']);
  const found = startTimeOf(child.pid ?? 0);
  child.kill('SIGKILL');
  assert.match(found ?? '', /^\d{3,}$/);
});

test('a zombie is not alive', () => {
  // The shell never waits for its child, and tells its pid.
  const shell = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 20'], { stdio: ['ignore', 'pipe', 'ignore'] });
  return new Promise<void>((resolve) => {
    shell.stdout.once('data', (data) => {
      const pid = Number(data);
      const end = performance.now() + 5000;
      while (startTimeOf(pid) !== undefined && performance.now() < end) Bun.sleepSync(5);
      const comm = spawnSync('cat', [`/proc/${pid}/stat`]).stdout.toString();
      shell.kill('SIGKILL');
      assert.match(comm, ') Z ');
      resolve();
    });
  });
});

test('whether a process is stopped by a signal can be told', () => {
  assert.equal(lifeOf(livePid), { isStopped: false, isBusy: false, isOurs: false, deathSignal: 0 });
  sleeper.kill('SIGSTOP');
  const end = performance.now() + 5000;
  while (lifeOf(livePid)?.isStopped !== true && performance.now() < end) Bun.sleepSync(5);
  assert.is(lifeOf(livePid)?.isStopped, true);
  sleeper.kill('SIGCONT');
  assert.is(lifeOf(GONE.pid), undefined);
});

test('a process that computes is busy', () => assert.is(lifeOf(process.pid)?.isBusy, true));

test("a process in the runtime's own pid namespace has the same pid there", () => {
  assert.is(containerPidOf(process.pid), process.pid);
});

test('the pid of a process that has ended is 0', () => assert.is(containerPidOf(GONE.pid), 0));

test.run();
