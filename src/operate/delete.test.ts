import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wait } from '../../bindings/process.ts';
import { StateError, UsageError } from '../errors.ts';
import { startWaiting } from '../final/fixtures/waiting.ts';
import { NO_PID, sampleRecord } from '../state/fixtures/record.ts';
import { startTimeOf } from '../state/status.ts';
import { type ContainerRecord, makeFolder, markCreated, saveRecord } from '../state/store.ts';
import { deleteContainer } from './delete.ts';

const test = suite('operate/delete');

let root = '';
test.before.each(() => {
  root = mkdtempSync('/tmp/runts-delete-');
});
test.after.each(() => rmSync(root, { recursive: true }));

function container(parts: Partial<ContainerRecord>): void {
  makeFolder(root, 'web1');
  saveRecord(root, sampleRecord({ pid: NO_PID, ...parts }));
  markCreated(root, 'web1');
}

const exists = (): boolean => existsSync(`${root}/web1`);
const outcome = async (id: string, isForced: boolean): Promise<unknown> => {
  try {
    return await deleteContainer(root, id, { isForced });
  } catch (error) {
    return error;
  }
};
const isStateError = (error: unknown, text: string): boolean =>
  error instanceof StateError && error.oneLine.includes(text);

test('a stopped container is removed', async () => {
  container({});
  await deleteContainer(root, 'web1', { isForced: false });
  assert.not.ok(exists());
});

test("the container's own resctrl groups go, the monitoring group first; others stay", async () => {
  const groups = [`${root}/mine/mon_groups/web1`, `${root}/mine/mon_groups`, `${root}/mine`, `${root}/gold`];
  for (const group of groups) mkdirSync(group, { recursive: true });
  const own = groups.slice(0, 3);
  container({ resctrl: { mountPoint: root, tasks: [`${root}/gold/tasks`], own } });
  await deleteContainer(root, 'web1', { isForced: false });
  assert.equal(
    groups.map((group) => existsSync(group)),
    [false, false, false, true],
  );
});

test('a container that does not exist is an error, unless it is forced', async () => {
  assert.ok(isStateError(await outcome('web1', false), 'does not exist'));
  assert.is(await outcome('web1', true), undefined);
});

test('what is no id is refused, forced or not', async () => {
  for (const isForced of [false, true]) assert.instance(await outcome('../web1', isForced), UsageError);
});

test('a container that runs is refused by its status, and left alone', async () => {
  const { pid, go } = startWaiting();
  container({ pid, startTime: startTimeOf(pid) ?? '' });
  assert.ok(isStateError(await outcome('web1', false), 'it is running'));
  assert.ok(exists());
  go();
  assert.is(wait(pid, { block: true })?.code, 0);
});

test('if it is forced, its process is killed first', async () => {
  const { pid } = startWaiting();
  container({ pid, startTime: startTimeOf(pid) ?? '' });
  await deleteContainer(root, 'web1', { isForced: true });
  assert.equal([startTimeOf(pid), exists()], [undefined, false]);
});

test("another process that has the container's pid by now is never killed", async () => {
  const { pid, go } = startWaiting();
  container({ pid, startTime: '1' });
  await deleteContainer(root, 'web1', { isForced: true });
  assert.not.ok(exists());
  go();
  assert.is(wait(pid, { block: true })?.code, 0);
});

const broken: [name: string, make: () => void][] = [
  ['without a record', () => mkdirSync(`${root}/web1`)],
  [
    'with a damaged one',
    () => {
      mkdirSync(`${root}/web1`);
      writeFileSync(`${root}/web1/state.json`, '{');
    },
  ],
];
for (const [name, make] of broken) {
  test(`a folder ${name} is left alone`, async () => {
    make();
    assert.instance(await outcome('web1', false), Error);
    assert.ok(exists());
  });

  test(`a folder ${name} is removed by force`, async () => {
    make();
    await deleteContainer(root, 'web1', { isForced: true });
    assert.not.ok(exists());
  });
}

test('poststop hooks run when everything else is gone, with the state on their input', async () => {
  const args = ['sh', '-c', `cat >${root}/state; ls -d ${root}/web1 >>${root}/state 2>&1; true`];
  container({ hooks: { poststop: [{ path: '/bin/sh', args, env: ['PATH=/bin:/usr/bin'] }] } });
  await deleteContainer(root, 'web1', { isForced: false });
  const text = readFileSync(`${root}/state`, 'utf8');
  const state = JSON.parse(text.slice(0, text.lastIndexOf('}') + 1));
  assert.equal([state.id, state.status, state.pid], ['web1', 'stopped', 0]);
  assert.match(text, 'No such file');
});

test('the cgroups that were made for the container are removed', async () => {
  mkdirSync(`${root}/cgroup`);
  container({ cgroups: [{ directory: `${root}/cgroup`, isOwn: true }] });
  await deleteContainer(root, 'web1', { isForced: false });
  assert.not.ok(existsSync(`${root}/cgroup`));
});

test.run();
