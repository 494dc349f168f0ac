import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

rootTest(test, 'who may not give files away leaves them as they are', () => {
  chmodSync(directory, 0o755);
  const code = `(await import('${import.meta.dirname}/ownership.ts')).changeOwner('${directory}', 1234); console.log('fine')`;
  const args = ['--reuid', '65534', '--clear-groups', process.execPath, '-e', code];
  const { stdout, stderr } = spawnSync('setpriv', args, { encoding: 'utf8' });
  if (/ENOENT|EACCES|not found|Permission/.test(stderr)) {
    console.log('skipped: other users cannot read this checkout: who may not give files away');
    return;
  }
  assert.is(stdout, 'fine\n', stderr);
  assert.equal(uids(), [0, 0, 0, 0, 0]);
});

test.run();
