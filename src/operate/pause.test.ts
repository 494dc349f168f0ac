import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { kill, wait } from '../../bindings/process.ts';
import { StateError } from '../errors.ts';
import { startWaiting } from '../final/fixtures/waiting.ts';
import { NO_PID, sampleRecord } from '../state/fixtures/record.ts';
import { startTimeOf } from '../state/status.ts';
import { type ContainerRecord, makeFolder, markCreated, saveRecord } from '../state/store.ts';
import { pause, resume } from './pause.ts';

// Processes that stop: src/cgroup/freeze.test.ts and conformance/integration/pause.test.ts.
const test = suite('operate/pause');

let root = '';
let pid = 0;
test.before.each(() => {
  root = mkdtempSync('/tmp/runts-pause-');
  pid = startWaiting().pid;
});
test.after.each(() => {
  kill(pid, 9);
  wait(pid, { block: true });
  rmSync(root, { recursive: true });
});

function container(parts: Partial<ContainerRecord> = {}): string {
  const directory = `${root}/cgroup`;
  mkdirSync(directory);
  writeFileSync(`${directory}/freezer.state`, 'THAWED');
  makeFolder(root, 'web1');
  const cgroups = [{ directory, isOwn: true, freezer: 'freezer.state' as const }];
  saveRecord(root, sampleRecord({ pid, startTime: startTimeOf(pid) ?? '', cgroups, ...parts }));
  markCreated(root, 'web1');
  return `${directory}/freezer.state`;
}

const refusedBecause = (reason: string) => (error: unknown) => error instanceof StateError && error.reason === reason;

test('a running container is paused and resumed, each once', () => {
  const state = container();
  assert.throws(() => resume(root, 'web1'), refusedBecause('container not paused: it is running'));
  pause(root, 'web1');
  assert.is(readFileSync(state, 'utf8'), 'FROZEN');
  assert.throws(() => pause(root, 'web1'), refusedBecause('container not running: it is paused'));
  resume(root, 'web1');
  assert.is(readFileSync(state, 'utf8'), 'THAWED');
});

test('a stopped container is neither', () => {
  container({ pid: NO_PID });
  assert.throws(() => pause(root, 'web1'), refusedBecause('container not running: it is stopped'));
  assert.throws(() => resume(root, 'web1'), refusedBecause('container not paused: it is stopped'));
});

test('a container that does not exist is told', () => {
  for (const command of [pause, resume]) {
    assert.throws(() => command(root, 'none'), refusedBecause('container does not exist'));
  }
});

test.run();
