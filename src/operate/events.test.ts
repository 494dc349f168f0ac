import { mkdtempSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { kill, wait } from '../../bindings/process.ts';
import { StateError, UsageError } from '../errors.ts';
import { startWaiting } from '../final/fixtures/waiting.ts';
import { NO_PID, sampleRecord } from '../state/fixtures/record.ts';
import { startTimeOf } from '../state/status.ts';
import { makeFolder, markCreated, saveRecord } from '../state/store.ts';
import { events, parseDuration } from './events.ts';

// Numbers of real containers, and running out of memory: conformance/integration/events.test.ts.
const test = suite('operate/events');

let root = '';
let pid = 0;
test.before.each(() => {
  root = mkdtempSync('/tmp/runts-events-');
  pid = startWaiting().pid;
});
test.after.each(() => {
  kill(pid, 9);
  wait(pid, { block: true });
  rmSync(root, { recursive: true });
});

function container(initPid = pid): void {
  makeFolder(root, 'web1');
  saveRecord(root, sampleRecord({ pid: initPid, startTime: startTimeOf(initPid) ?? '1' }));
  markCreated(root, 'web1');
}

test('the statistics are one line', () => {
  container();
  const lines: string[] = [];
  events(root, 'web1', { interval: '5s', stats: true }, (text) => lines.push(text));
  assert.is(lines.length, 1);
  const { type, id, data } = JSON.parse(lines[0] ?? '');
  assert.equal([type, id], ['stats', 'web1']);
  assert.equal(Object.keys(data), [
    ...['cpu', 'cpuset', 'memory', 'pids', 'blkio', 'hugetlb', 'intel_rdt', 'network_interfaces'],
  ]);
});

test('they come at intervals until the container ends', () => {
  container();
  const lines: string[] = [];
  events(root, 'web1', { interval: '40ms', stats: false }, (text) => {
    if (lines.push(text) === 3) kill(pid, 9);
  });
  assert.ok(lines.length >= 3 && lines.length < 8, `${lines.length}`);
});

test('they end when nobody reads', () => {
  container();
  let count = 0;
  events(root, 'web1', { interval: '1ms', stats: false }, () => ++count < 2);
  assert.is(count, 2);
});

test('a stopped container has none', () => {
  container(NO_PID);
  const isRefused = (error: unknown) => error instanceof StateError && /web1 is not running/.test(error.reason);
  assert.throws(() => events(root, 'web1', { interval: '5s', stats: true }, () => {}), isRefused);
});

const durations: [text: string, ms: number][] = [
  ['5s', 5000],
  ['500ms', 500],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['10us', 0.01],
];
for (const [text, ms] of durations) test(`${text} is ${ms} ms`, () => assert.is(parseDuration(text), ms));

for (const text of ['', '5', '0s', '-5s', '5 s', 's', '5x']) {
  test(`${JSON.stringify(text)} is no duration`, () =>
    assert.throws(
      () => parseDuration(text),
      (error: unknown) => error instanceof UsageError,
    ));
}

test.run();
