import { mkdirSync, readlinkSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ProcessPlan } from '../plan/process.ts';
import { ExecDirectory } from './exec-directory.ts';
import { runScript } from './fixtures/stage.ts';

const test = suite('init/exec-directory');

/** The working directory after both, or the error; `between` is done by the script between them. */
function after(cwd: string, between: string[] = []): string {
  let found = '';
  const process = {
    cwd,
    uid: 0,
    gid: 0,
    additionalGids: [] as number[],
  } as ProcessPlan;
  const line = runScript(
    (script) => {
      const directory = new ExecDirectory(script, process);
      directory.enter();
      for (const path of between) script.call('mkdirat', [-100, script.string(path), 0o755]);
      directory.enterLate();
    },
    { look: (pid) => (found = readlinkSync(`/proc/${pid}/cwd`)) },
  );
  return line === 'done' ? found : line;
}

test('it goes there', () => assert.is(after('/usr'), '/usr'));

test('what is missing at first is looked for again', () => {
  const path = `/tmp/runts-cwd-${process.pid}`;
  assert.is(after(path), `/process/cwd ${path}: openat2 ${path} ENOENT`);
  assert.is(after(path, [path]), path);
  rmdirSync(path);
});

test('other mistakes are told at once', () => {
  assert.is(after('/etc/passwd'), '/process/cwd /etc/passwd: openat2 /etc/passwd ENOTDIR');
});

test('a descriptor is no way out, neither at first nor later', () => {
  assert.match(after('/proc/self/cwd'), /ELOOP/);
  const folder = `/tmp/runts-link-${process.pid}`;
  mkdirSync(folder);
  symlinkSync('/proc/self/cwd', `${folder}/link`);
  assert.match(after(`${folder}/link`), /ELOOP/);
  unlinkSync(`${folder}/link`);
  rmdirSync(folder);
});

test.run();
