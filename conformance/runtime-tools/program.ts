// Runs one program of the suite with one runtime, in mount and pid namespaces of its own, and says what failed.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cgroups, removeCgroup } from '../integration/host.ts';
import { parseTap } from './tap.ts';

/** Seconds that a program may take; the slowest needs about 15. */
const LIMIT = 90;

export interface Place {
  /** The built suite: programs, runtimetest, the root file system's archive. */
  suite: string;
  /** For temporary files. */
  folder: string;
}

export interface Runtime {
  name: string;
  path: string;
}

export interface Outcome {
  passed: number;
  skipped: number;
  failures: Failure[];
  seconds: number;
}

export interface Failure {
  /** The assertion's description, or what else went wrong. */
  text: string;
  detail: string;
}

/** Runs a program of the suite to its end (or its time limit) and removes whatever it left. */
export function runProgram(program: string, runtime: Runtime, place: Place): Outcome {
  const work = join(place.folder, `${program}-${runtime.name}`);
  const script = join(work, 'runtime');
  mkdirSync(join(work, 'tmp'), { recursive: true });
  writeFileSync(script, `#!/bin/sh\nexec '${runtime.path}' --root '${join(work, 'root')}' "$@"\n`, { mode: 0o755 });
  const cgroupsBefore = new Set(cgroups());
  const start = performance.now();
  const { status, stdout, stderr } = runIsolated([String(LIMIT), script, program], { runtime, place, work });
  const seconds = (performance.now() - start) / 1000;
  const leftovers = removeCgroups(cgroupsBefore);
  rmSync(work, { recursive: true, force: true });
  return { ...judge({ status, stdout, stderr: stderr + leftovers }), seconds };
}

interface Ended {
  /** Null after a signal. */
  status: number | null;
  stdout: string;
  stderr: string;
}

function runIsolated(
  [limit = '', script = '', program = '']: string[],
  { runtime, place, work }: { runtime: Runtime; place: Place; work: string },
): Ended {
  // Files, because a container may keep its streams open.
  const outputs = [join(work, 'out'), join(work, 'err')] as const;
  const [out, err] = [openSync(outputs[0], 'w'), openSync(outputs[1], 'w')];
  const withoutUnified = runtime.name === 'crun' ? { WITHOUT_UNIFIED: '1' } : {};
  const isolated = ['sh', join(import.meta.dirname, 'isolated.sh'), limit, script];
  const { status } = spawnSync(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', ...isolated, `validation/${program}/${program}.t`],
    {
      cwd: place.suite,
      env: { ...process.env, ...withoutUnified, TMPDIR: join(work, 'tmp') },
      stdio: ['ignore', out, err],
      timeout: (LIMIT + 60) * 1000,
      killSignal: 'SIGKILL',
    },
  );
  closeSync(out);
  closeSync(err);
  return { status, stdout: readFileSync(outputs[0], 'utf8'), stderr: readFileSync(outputs[1], 'utf8') };
}

/**
 * What an ended program's output means. Some programs assert nothing if all is well, and some that wait for an error of
 * `create` don't even print a plan then: each counts as one assertion.
 */
export function judge({ status, stdout, stderr }: Ended): Omit<Outcome, 'seconds'> {
  const { assertions, errors, planned } = parseTap(stdout);
  const counted = assertions.filter(({ directive }) => directive === undefined);
  // Where the description is only the exit status of a command, its words are on standard error.
  const said = [...stderr.matchAll(/^failed to (?:create|start) the container\n(.*)$/gm)].map(([, line = '']) => line);
  const textOf = (text: string): string => (/^exit status \d+$/.test(text) ? `${text}: ${said.shift() ?? ''}` : text);
  const failures: Failure[] = counted
    .filter(({ passed }) => !passed)
    .map(({ description, diagnostic }) => ({ text: textOf(description), detail: diagnostic ?? '' }));
  for (const error of errors) failures.push({ text: `error without an assertion: ${error}`, detail: stderr });
  for (const line of stderr.match(/^leftover: .*$/gm) ?? []) failures.push({ text: line, detail: '' });
  const hasRefused = stdout === '' && stderr.startsWith('failed to create the container\n');
  const ending = endingOf(status, assertions.length, hasRefused ? 0 : planned);
  if (ending !== undefined) failures.push({ text: `${ending}: ${reasonIn(stderr)}`, detail: `${stderr}${stdout}` });
  const passed = counted.filter((assertion) => assertion.passed).length;
  const isSilent = passed === 0 && failures.length === 0 && counted.length === assertions.length;
  return { passed: isSilent ? 1 : passed, skipped: assertions.length - counted.length, failures };
}

function endingOf(status: number | null, assertions: number, planned: number | undefined): string | undefined {
  if (status === null || status === 124 || status === 137) return 'time limit';
  if (status !== 0) return `exit status ${status}`;
  if (planned === undefined) return 'no plan';
  return planned === assertions ? undefined : `${assertions} of ${planned} assertions`;
}

// The last line that says something.
function reasonIn(stderr: string): string {
  const lines = stderr.trimEnd().split('\n');
  return lines.findLast((line) => !/^(exit status \d+|Refer to: .*)$/.test(line)) ?? '';
}

const OF_THE_SUITE = /\/(cgrouptest|testdir|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The suite's cgroups: fixed names, or a container id, which is a UUID. What is left is removed and told. */
function removeCgroups(before: ReadonlySet<string>): string {
  const left = cgroups().filter((directory) => !before.has(directory) && OF_THE_SUITE.test(directory));
  for (const directory of left.reverse()) removeCgroup(directory);
  // Folders above the container's own stay, as in runc.
  return left
    .filter((directory) => !directory.includes('/testdir'))
    .map((directory) => `\nleftover: cgroup ${directory.replace(/[^/]*$/, '')}`)
    .join('');
}
