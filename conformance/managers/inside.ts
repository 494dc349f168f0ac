// Started by isolated.sh: one manager with one runtime. Each check is a bash of its own with a time limit.
// usage: bun inside.ts MANAGER RUNTIME CHOICE; $FOLDER/results gets one line of JSON for each check.
import { spawnSync } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, complaint, type Ended } from './check.ts';
import { isManagerName, managers } from './managers.ts';
import { isChosen, type Result } from './session.ts';

/** Seconds that a check may take. */
const LIMIT = 40;

const [manager = '', runtime = '', choice = ''] = process.argv.slice(2);
if (!isManagerName(manager)) throw new Error(`no manager: ${manager}`);
const folder = process.env.FOLDER ?? '';
const env = { ...process.env, RUNTIME: runtime, BUN: process.execPath };
const prelude = ['common', manager].map((name) => `. '${join(import.meta.dirname, `${name}.sh`)}'\n`).join('');

note('version', bash('version').stdout.trim());
const failure = failureOf(['setup', 'setup', '']);
if (failure === undefined)
  for (const check of managers[manager].filter(([name]) => isChosen(name, choice))) judge(check);
else note('setup', failure);

function judge(check: Check): void {
  const start = performance.now();
  const ended = bash(check[1]);
  const failure = complaint(check[2], ended);
  const cleaning = complaint('', bash('clean'));
  const seconds = (performance.now() - start) / 1000;
  add({
    name: check[0],
    detail: failure === undefined ? undefined : `${ended.stderr}${ended.stdout}`.slice(-2000),
    failure: failure ?? (cleaning === undefined ? undefined : `to clean up: ${cleaning}`),
    seconds,
  });
}

function failureOf([, script, expected]: Check): string | undefined {
  return complaint(expected, bash(script));
}

function note(name: string, failure: string): void {
  add({ name, failure, seconds: 0 });
}

function add(result: Result): void {
  appendFileSync(join(folder, 'results'), `${JSON.stringify(result)}\n`);
}

// Output to files: a container may keep the streams open.
function bash(script: string): Ended {
  const outputs = [join(folder, 'check.out'), join(folder, 'check.err')] as const;
  const [out, err] = [openSync(outputs[0], 'w'), openSync(outputs[1], 'w')];
  const { status } = spawnSync('timeout', ['--kill-after=5', String(LIMIT), 'bash', '-c', prelude + script], {
    cwd: folder,
    env,
    stdio: ['ignore', out, err],
    timeout: (LIMIT + 10) * 1000,
    killSignal: 'SIGKILL',
  });
  closeSync(out);
  closeSync(err);
  return { status, stdout: readFileSync(outputs[0], 'utf8'), stderr: readFileSync(outputs[1], 'utf8') };
}
