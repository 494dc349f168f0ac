import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rootTest } from '../../bindings/root-suite.ts';
import { changeOwner } from './ownership.ts';

const test = suite('cgroup/ownership');

let directory = '';
test.before.each(() => {
  directory = mkdtempSync('/tmp/runts-owner-');
  for (const file of ['cgroup.procs', 'cgroup.threads', 'memory.max', 'memory.oom.group']) {
    writeFileSync(`${directory}/${file}`, '');
  }
});
test.after.each(() => rmSync(directory, { recursive: true }));

const uids = (): number[] =>
  ['.', 'cgroup.procs', 'cgroup.threads', 'memory.oom.group', 'memory.max'].map(
    (file) => statSync(`${directory}/${file}`).uid,
  );

rootTest(test, 'the folder and the files of the list change, those that are not there do not matter', () => {
  writeFileSync(`${directory}/list`, 'cgroup.procs\ncgroup.none\nmemory.oom.group\n../x\n');
  changeOwner(directory, 1234, `${directory}/list`);
  assert.equal(uids(), [1234, 1234, 0, 1234, 0]);
});

rootTest(test, "without the kernel's list the specification's counts", () => {
  changeOwner(directory, 1234, `${directory}/none`);
  assert.equal(uids(), [1234, 1234, 1234, 0, 0]);
});

test.run();
