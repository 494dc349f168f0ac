// Runs test files, each as its own process with a time limit, and adds up uvu's summaries.
// usage: bun conformance/run-tests.ts [--jobs N] [--timeout SECONDS] GLOB... [NAME=VALUE GLOB...]
// A variable is for the files that are named after it.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import './kept-engines.ts';

const repository = dirname(import.meta.dirname);
const bun = join(repository, 'node_modules/.bin/bun');

// Longer than one runtime command of a test may take.
const GRACE_MS = 45_000;

interface TestFile {
  path: string;
  variables: Record<string, string>;
}

interface Outcome {
  file: string;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
  output: string;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: 'string', default: '1' }, timeout: { type: 'string', default: '600' } },
});

const env: Record<string, string> = {};
const files = positionals.flatMap((word) => {
  const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(word) ?? [];
  if (name !== undefined) env[name] = value ?? '';
  return name === undefined ? filesOf(word, { ...env }) : [];
});
const outcomes: Outcome[] = [];
await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, work));
const sum = (key: 'passed' | 'failed' | 'skipped'): number => outcomes.reduce((total, { [key]: n }) => total + n, 0);

if (outcomes.length === 0) console.error(`no test files: ${positionals.join(' ')}`);
const failed = sum('failed') + (outcomes.length === 0 ? 1 : 0);
const skipped = sum('skipped');
console.log(`${sum('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;

function filesOf(pattern: string, variables: Record<string, string>): TestFile[] {
  const paths = [...new Bun.Glob(pattern).scanSync({ cwd: repository })].sort();
  return paths.map((path) => ({ path, variables }));
}

async function work(): Promise<void> {
  for (let file = files.shift(); file !== undefined; file = files.shift()) {
    const outcome = await runFile(file);
    outcomes.push(outcome);
    print(outcome);
  }
}

function print({ file, passed, failed, skipped, seconds, output }: Outcome): void {
  const mark = failed > 0 ? 'FAIL' : 'ok  ';
  const skips = skipped > 0 ? `, ${skipped} skipped` : '';
  console.log(`${mark} ${file}: ${passed} passed, ${failed} failed${skips} (${seconds.toFixed(1)} s)`);
  if (failed > 0) console.log(output.trimEnd());
  else for (const line of output.match(/^.*\bskipped: .*$/gm) ?? []) console.log(`     ${line.trim()}`);
}

function runFile({ path, variables }: TestFile): Promise<Outcome> {
  const file = [...Object.entries(variables).map(([name, value]) => `${name}=${value}`), path].join(' ');
  const env = { ...process.env, ...variables };
  const start = performance.now();
  return new Promise((resolve) => {
    // An own process group, so that what the test has started ends with it at the time limit.
    const child = spawn(bun, [path], { cwd: repository, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    let isLate = false;
    let last: ReturnType<typeof setTimeout> | undefined;
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const limit = setTimeout(() => {
      isLate = true;
      // First politely, so that the test can remove its containers.
      child.kill('SIGTERM');
      last = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), GRACE_MS);
    }, Number(values.timeout) * 1000);
    child.on('error', (error) => (output += error.message));
    // Not `close`: a leaked process may hold the pipe open for ever.
    child.on('exit', (code) => {
      clearTimeout(limit);
      clearTimeout(last);
      if (isLate) output += `\nended after ${values.timeout} s`;
      setTimeout(() => {
        const seconds = (performance.now() - start) / 1000;
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ file, ...readSummary(output, code), seconds, output });
      }, 50);
    });
  });
}

// uvu ends with Total, Passed and Skipped. It exits with 0 when a file has no test or forgets `.run()`.
function readSummary(output: string, code: number | null): Pick<Outcome, 'passed' | 'failed' | 'skipped'> {
  const plain = Bun.stripANSI(output);
  const [total, passed, skipped] = ['Total', 'Passed', 'Skipped'].map((name) => {
    const found = [...plain.matchAll(new RegExp(`^ *${name}: +(\\d+)$`, 'gm'))].at(-1)?.[1];
    return found === undefined ? undefined : Number(found);
  });
  if (total === undefined || passed === undefined || skipped === undefined || total + skipped === 0) {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const failed = total - passed;
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
}
