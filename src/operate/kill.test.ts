import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wait } from '../../bindings/process.ts';
import { StateError, UsageError } from '../errors.ts';
import { startWaiting } from '../final/fixtures/waiting.ts';
import { NO_PID, sampleRecord } from '../state/fixtures/record.ts';
import { startTimeOf } from '../state/status.ts';
import { type ContainerRecord, makeFolder, markCreated, saveRecord } from '../state/store.ts';
import { kill } from './kill.ts';

const test = suite('operate/kill');

let root = '';
test.before.each(() => {
  root = mkdtempSync('/tmp/runts-kill-');
});
test.after.each(() => rmSync(root, { recursive: true }));

function container(parts: Partial<ContainerRecord>): void {
  makeFolder(root, 'web1');
  saveRecord(root, sampleRecord({ pid: NO_PID, ...parts }));
  markCreated(root, 'web1');
}

const notRunning = (status: string) => (error: unknown) =>
  error instanceof StateError && error.reason === `container not running: it is ${status}`;

test('the container process gets the signal', () => {
  const { pid } = startWaiting();
  container({ pid, startTime: startTimeOf(pid) ?? '' });
  kill(root, 'web1', 15, { toAll: false });
  assert.is(wait(pid, { block: true })?.signal, 15);
});

for (const [annotation, expected] of [
  [undefined, 15],
  ['SIGUSR1', 10],
  ['RTMIN+3', 37],
  ['SIGNONSENSE', 15],
] as const) {
  test(`without a signal, it's ${expected} with the annotation ${annotation}`, () => {
    const { pid } = startWaiting();
    const annotations = annotation === undefined ? {} : { 'org.opencontainers.image.stopSignal': annotation };
    container({ pid, startTime: startTimeOf(pid) ?? '', annotations });
    kill(root, 'web1', undefined, { toAll: false });
    assert.is(wait(pid, { block: true })?.signal, expected);
  });
}

test('signal 0 only asks', () => {
  const { pid, go } = startWaiting();
  container({ pid, startTime: startTimeOf(pid) ?? '' });
  kill(root, 'web1', 0, { toAll: false });
  go();
  assert.is(wait(pid, { block: true })?.code, 0);
});

test('a stopped container is refused in the words that managers look for', () => {
  container({});
  assert.throws(() => kill(root, 'web1', 9, { toAll: false }), notRunning('stopped'));
});

test("another process that has the container's pid by now gets nothing", () => {
  const { pid, go } = startWaiting();
  container({ pid, startTime: '1' });
  assert.throws(() => kill(root, 'web1', 9, { toAll: false }), notRunning('stopped'));
  go();
  assert.is(wait(pid, { block: true })?.code, 0);
});

test('a container that is being created is refused', () => {
  const { pid, go } = startWaiting();
  makeFolder(root, 'web1');
  saveRecord(root, sampleRecord({ pid, startTime: startTimeOf(pid) ?? '' }));
  assert.throws(() => kill(root, 'web1', 9, { toAll: false }), notRunning('creating'));
  go();
  assert.is(wait(pid, { block: true })?.code, 0);
});

test('--all reaches every process of the cgroups, also when the container process has ended', () => {
  const processes = [startWaiting(), startWaiting()];
  const [first, second] = processes.map(({ pid }) => pid);
  mkdirSync(`${root}/cgroup/below`, { recursive: true });
  writeFileSync(`${root}/cgroup/cgroup.procs`, `${first}\n`);
  writeFileSync(`${root}/cgroup/below/cgroup.procs`, `${second}\n${NO_PID}\n`);
  container({ cgroups: [{ directory: `${root}/cgroup`, isOwn: true }] });
  kill(root, 'web1', 12, { toAll: true });
  const signals = processes.map(({ pid }) => wait(pid, { block: true })?.signal);
  assert.equal(signals, [12, 12]);
});

test('what does not exist, or is no id, is refused', () => {
  assert.throws(
    () => kill(root, 'web1', 9, { toAll: true }),
    (error: unknown) => error instanceof StateError,
  );
  assert.throws(
    () => kill(root, '..', 9, { toAll: true }),
    (error: unknown) => error instanceof UsageError,
  );
});

test.run();
