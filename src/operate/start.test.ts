import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wait } from '../../bindings/process.ts';
import { StateError, toRuntimeError, UsageError } from '../errors.ts';
import { NO_PID, sampleRecord } from '../state/fixtures/record.ts';
import { statusOf } from '../state/status.ts';
import { type ContainerRecord, loadRecord, makeFolder, saveRecord } from '../state/store.ts';
import { makeCreated } from './fixtures/created.ts';
import { start } from './start.ts';

const test = suite('operate/start');

let root = '';
test.before.each(() => {
  root = mkdtempSync('/tmp/runts-start-');
});
test.after.each(() => rmSync(root, { recursive: true }));

const created = (candidates: string[], parts: Partial<ContainerRecord> = {}) =>
  makeCreated(root, { candidates, parts });

const outcome = async (id = 'web1'): Promise<string> => {
  try {
    await start(root, id);
    return 'done';
  } catch (error) {
    return toRuntimeError(error)?.oneLine ?? String(error);
  }
};

test("a created container's process becomes the user's program", async () => {
  const pid = created(['/nowhere', '/bin/false']);
  assert.is(statusOf(root, loadRecord(root, 'web1')), 'created');
  assert.is(await outcome(), 'done');
  assert.is(wait(pid, { block: true })?.code, 1);
});

const failures: [executable: string, candidates: string[], line: string][] = [
  ['none', ['/a/none', '/b/none'], 'exec: "none": executable file not found in $PATH (execve ENOENT)'],
  ['/a/none', ['/a/none'], 'exec: "/a/none": stat /a/none: no such file or directory (execve ENOENT)'],
  ['/etc/passwd', ['/etc/passwd'], 'exec: "/etc/passwd": permission denied (execve EACCES)'],
  ['/etc', ['/etc'], 'exec: "/etc": permission denied (execve EACCES)'],
  ['/etc/passwd/x', ['/etc/passwd/x'], 'exec: "/etc/passwd/x": stat /etc/passwd/x: not a directory (execve ENOTDIR)'],
];
for (const [executable, candidates, line] of failures) {
  test(`that execve failed is told: ${line}`, async () => {
    const pid = created(candidates, { executable });
    assert.is(await outcome(), `/process/args/0: ${line}`);
    assert.is.not(wait(pid, { block: true })?.code, 0);
  });
}

test('a container that does not wait for it cannot be started, and its status is told', async () => {
  closeSync(makeFolder(root, 'web1'));
  saveRecord(root, sampleRecord({ pid: NO_PID }));
  assert.is(await outcome(), 'cannot start a container that is stopped: it has to be created');
});

test('a container without a process in its config has nothing to start', async () => {
  const pid = created(['/bin/true'], { executable: undefined });
  assert.match(await outcome(), '/process is not set in config.json');
  process.kill(pid, 'SIGKILL');
  wait(pid, { block: true });
});

test('what does not exist, or is no id, is refused', async () => {
  const kindOf = async (id: string) => start(root, id).catch((error: unknown) => error);
  assert.instance(await kindOf('web2'), StateError);
  assert.instance(await kindOf('../x'), UsageError);
});

test.run();
