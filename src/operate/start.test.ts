import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { close, socketpair } from '../../bindings/files.ts';
import { wait } from '../../bindings/process.ts';
import { StateError, toRuntimeError, UsageError } from '../errors.ts';
import { Script } from '../final/script.ts';
import { spawnScript } from '../spawn.ts';
import { NO_PID, sampleRecord } from '../state/fixtures/record.ts';
import { startTimeOf, statusOf } from '../state/status.ts';
import {
  type ContainerRecord,
  loadRecord,
  makeFolder,
  markCreated,
  RESULT_FIFO,
  START_FIFO,
  saveRecord,
} from '../state/store.ts';
import { start } from './start.ts';

const test = suite('operate/start');

let root = '';
test.before.each(() => {
  root = mkdtempSync('/tmp/runts-start-');
});
test.after.each(() => rmSync(root, { recursive: true }));

// A container whose process waits as the final program does, and becomes one of the candidates then.
function created(candidates: string[], parts: Partial<ContainerRecord> = {}): number {
  closeSync(makeFolder(root, 'web1'));
  const [startFd, resultFd] = [START_FIFO, RESULT_FIFO].map((name) => {
    spawnSync('mkfifo', [`${root}/web1/${name}`]);
    return openSync(`${root}/web1/${name}`, 'r+');
  });
  if (startFd === undefined || resultFd === undefined) throw new Error('no FIFOs');
  const [near, syncFd] = socketpair();
  const script = new Script(syncFd);
  const { program } = script;
  script.call('close_range', [3, 0xffffffff, 4]);
  program.reportTo(resultFd);
  program.waitByte(startFd);
  script.execFirst(candidates, program.stringArray(['x']), program.stringArray([]));
  const pid = spawnScript(script, { name: 'runts-init', inherit: [startFd, resultFd, syncFd], firstOwn: 3 });
  for (const fd of [near, syncFd, startFd, resultFd]) close(fd);
  saveRecord(root, sampleRecord({ pid, startTime: startTimeOf(pid) ?? '', ...parts }));
  markCreated(root, 'web1');
  return pid;
}

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
  ['/etc/passwd/x', ['/etc/passwd/x'], 'exec: "/etc/passwd/x": not a directory (execve ENOTDIR)'],
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
