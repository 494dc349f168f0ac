import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NO_PID, sampleRecord } from '../state/fixtures/record.ts';
import { startTimeOf } from '../state/status.ts';
import { processesOf } from './container-processes.ts';

const test = suite('operate/container-processes');

const folder = mkdtempSync('/tmp/runts-processes-');
test.after(() => rmSync(folder, { recursive: true }));

const live = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' };

// A cgroup of plain files.
function cgroup(name: string, pids: number[], isOwn: boolean): { directory: string; isOwn: boolean } {
  mkdirSync(`${folder}/${name}`, { recursive: true });
  writeFileSync(`${folder}/${name}/cgroup.procs`, pids.map((pid) => `${pid}\n`).join(''));
  return { directory: `${folder}/${name}`, isOwn };
}

test("the processes in the container's own cgroups are all its own, joined ones don't count then", () => {
  const cgroups = [cgroup('own', [5, 6], true), cgroup('joined', [7], false)];
  assert.equal(processesOf(sampleRecord({ ...live, cgroups })), [5, 6]);
});

test("in joined cgroups the container's are told by their mount namespace", () => {
  // Kernel threads are in another one than tests that are run in a namespace of their own; a pid that's gone is in none.
  const cgroups = [cgroup('shared', [process.pid, process.ppid, NO_PID], false)];
  const found = processesOf(sampleRecord({ ...live, cgroups }));
  assert.ok(found.includes(process.pid) && !found.includes(NO_PID));
});

test('where the mount namespace is shared too there is only the container process', () => {
  const cgroups = [cgroup('shared', [process.pid, process.ppid], false)];
  const record = sampleRecord({ ...live, cgroups, rootfsMount: { path: '/x' } });
  assert.equal(processesOf(record), [process.pid]);
});

test('without a container process nobody is known to be in a joined cgroup', () => {
  const cgroups = [cgroup('shared', [process.pid], false)];
  assert.equal(processesOf(sampleRecord({ pid: NO_PID, cgroups })), []);
  assert.equal(processesOf(sampleRecord({ pid: 0, cgroups })), []);
});

test.run();
