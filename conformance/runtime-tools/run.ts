// Runs the OCI runtime-tools validation suite with the runtime under test (env RUNTIME), and with others beside it.
// Only what the runtime under test fails counts, and only if expected.md doesn't explain it.
// usage: bun conformance/runtime-tools/run.ts SUITE [--beside runc,crun] [--verbose] [PROGRAM...]
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runtimePath } from '../runtime.ts';
import { type Expectation, explanationOf, parseExpected } from './expected.ts';
import { type Failure, type Outcome, type Place, type Runtime, runProgram } from './program.ts';
import { cell, row, totals } from './table.ts';
import '../kept-engines.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { beside: { type: 'string', default: '' }, verbose: { type: 'boolean', default: false } },
});
const [suite = '', ...chosen] = positionals;
if (process.getuid?.() !== 0) {
  console.error('the validation suite needs root');
  process.exit(1);
}
const expected = parseExpected(readFileSync(join(import.meta.dirname, 'expected.md'), 'utf8'));
const place: Place = { suite: resolve(suite), folder: mkdtempSync(join(tmpdir(), 'runts-rt-')) };
// The containers of user namespaces go through it.
chmodSync(place.folder, 0o755);
process.once('exit', () => rmSync(place.folder, { recursive: true, force: true }));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));

const runtimes: Runtime[] = [runtimePath, ...values.beside.split(',').filter(Boolean)].map((path) => ({
  name: basename(path),
  path: path.includes('/') ? path : (Bun.which(path) ?? path),
}));
const programs = readdirSync(join(place.suite, 'validation')).filter(
  (name) => /^[a-z_]+$/.test(name) && name !== 'util',
);
const asked = programs.filter((name) => chosen.length === 0 || chosen.includes(name)).sort();

for (const { path } of runtimes)
  console.log(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0]);
console.log(
  row(
    'program',
    runtimes.map(({ name }) => name),
  ),
);

const unexplained: string[] = [];
const used = new Set<Expectation>();
const outcomes = asked.map((program) => {
  const ofProgram = runtimes.map((runtime) => runProgram(program, runtime, place));
  report(program, ofProgram);
  return ofProgram;
});
console.log(row('programs passed', totals(outcomes)));

const ours = outcomes.flatMap(([first]) => (first === undefined ? [] : [first]));
const sum = (count: (outcome: Outcome) => number): number => ours.reduce((total, outcome) => total + count(outcome), 0);
const explained = sum(({ failures }) => failures.length) - unexplained.length;
console.log(`${explained} failures are explained in conformance/runtime-tools/expected.md`);
const unused = expected.filter((line) => asked.includes(line.program) && !used.has(line));
for (const { program, failure, reason } of unused) {
  if (!/^(Sometimes|Only)\b/.test(reason)) console.log(`did not fail, though explained: ${program}: ${failure}`);
}
for (const line of unexplained) console.log(`not explained: ${line}`);
const failed = unexplained.length + (ours.length === 0 ? 1 : 0);
console.log(`${sum(({ passed }) => passed)} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function report(program: string, ofProgram: Outcome[]): void {
  const [first] = ofProgram;
  if (first === undefined) return;
  const surprises = first.failures.filter(({ text }) => !isExplained(program, text));
  unexplained.push(...surprises.map(({ text }) => `${program}: ${text}`));
  const note = first.failures.length > 0 && surprises.length === 0 ? 'explained' : '';
  console.log(row(program, ofProgram.map(cell), `${first.seconds.toFixed(1)} s ${note}`));
  for (const failure of surprises) printFailure('', failure);
  if (!values.verbose) return;
  ofProgram.forEach(({ failures }, index) => {
    for (const failure of failures) printFailure(`${runtimes[index]?.name}: `, failure);
  });
}

function isExplained(program: string, text: string): boolean {
  const row = explanationOf(expected, program, text);
  if (row !== undefined) used.add(row);
  return row !== undefined;
}

function printFailure(prefix: string, { text, detail }: Failure): void {
  console.log(`  ${prefix}not ok: ${text}`);
  for (const line of detail.trim().split('\n').slice(0, 12)) if (line !== '') console.log(`      ${line}`);
}
