import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { kill, wait } from '../../bindings/process.ts';
import { toRuntimeError } from '../errors.ts';
import { startWaiting } from '../final/fixtures/waiting.ts';
import { configureLog } from '../log.ts';
import { NO_PID, sampleRecord } from '../state/fixtures/record.ts';
import { startTimeOf } from '../state/status.ts';
import { type ContainerRecord, makeFolder, markCreated, saveRecord } from '../state/store.ts';
import { update } from './update.ts';

// What is changed in real containers: conformance/integration/update.test.ts.
const test = suite('operate/update');

let root = '';
let pid = 0;
test.before.each(() => {
  root = mkdtempSync('/tmp/runts-update-');
  pid = startWaiting().pid;
});
test.after.each(() => {
  kill(pid, 9);
  wait(pid, { block: true });
  rmSync(root, { recursive: true });
});

function container(parts: Partial<ContainerRecord> = {}): void {
  makeFolder(root, 'web1');
  saveRecord(root, sampleRecord({ pid, startTime: startTimeOf(pid) ?? '', ...parts }));
  markCreated(root, 'web1');
}

async function lineOf(options: Parameters<typeof update>[2]): Promise<string> {
  try {
    await update(root, 'web1', options);
    return 'done';
  } catch (error) {
    return toRuntimeError(error)?.oneLine ?? String(error);
  }
}

test('nothing to change is no error', async () => {
  container();
  assert.is(await lineOf({}), 'done');
});

test('a container without a process is refused', async () => {
  container({ pid: NO_PID });
  assert.is(await lineOf({ memory: '64m' }), 'container not running: it is stopped');
});

test('one that does not exist, too', async () => assert.is(await lineOf({}), 'container does not exist'));

test('a limit that the container has no cgroup for is named', async () => {
  container();
  assert.match(await lineOf({ 'cpu-share': '5' }), /^\/cpu\/shares: the host has no cgroup controller cpu/);
});

test('a file is read, checked by the schema, and named in errors', async () => {
  container();
  writeFileSync(`${root}/file`, '{"memory":{"limit":"x"}}');
  assert.match(await lineOf({ resources: `${root}/file` }), /^resources: \/memory\/limit: "x" /);
  writeFileSync(`${root}/file`, '{');
  assert.match(await lineOf({ resources: `${root}/file` }), /^\S+\/file: line 1, column 2: /);
  assert.match(await lineOf({ resources: `${root}/none` }), /^--resources \S+\/none: .*ENOENT$/);
});

test('values that contradict each other are refused by the rules of a config', async () => {
  container();
  assert.match(await lineOf({ memory: '2m', 'memory-swap': '1m' }), /^resources: \/memory\/swap: 1048576 must not be/);
});

// Without a log, warnings go to standard error.
test.before(() => configureLog({ file: '/dev/null', format: 'text', isDebug: false }));

test('with a file the other options are ignored, and that is said', async () => {
  container();
  writeFileSync(`${root}/file`, '{}');
  configureLog({ file: `${root}/log`, format: 'text', isDebug: false });
  assert.is(await lineOf({ resources: `${root}/file` }), 'done');
  assert.is(readFileSync(`${root}/log`, 'utf8'), '');
  assert.is(await lineOf({ resources: `${root}/file`, 'cpu-share': '5' }), 'done');
  assert.match(readFileSync(`${root}/log`, 'utf8'), /other options are ignored/);
});

test("schemas are written to the container's resctrl group", async () => {
  writeFileSync(`${root}/schemata`, '');
  container({ resctrl: { mountPoint: root, tasks: [`${root}/tasks`], own: [] } });
  assert.is(await lineOf({ 'l3-cache-schema': 'L3:0=f', 'mem-bw-schema': 'MB:0=50' }), 'done');
  assert.is(readFileSync(`${root}/schemata`, 'utf8'), 'L3:0=f\nMB:0=50\n');
});

test('without such a group schemas are refused', async () => {
  container();
  assert.match(await lineOf({ 'mem-bw-schema': 'MB:0=50' }), /^--mem-bw-schema: the container is in no resctrl group/);
});

test.run();
