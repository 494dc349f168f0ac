// The same bundles under the runtime under test (env RUNTIME) and under runc and crun; what a program inside can see is
// compared field by field. Fails on each difference that expected.md doesn't explain.
// usage: bun conformance/differential/run.ts PROBE [--beside runc,crun] [--jobs N] [--every N] [--verbose] [BUNDLE...]
// --every N: only each Nth of the bundles, where all would take too long; those that are named are taken all.
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { cgroupsOf, isCgroupV2, removeCgroup } from '../integration/host.ts';
import { runtimePath } from '../runtime.ts';
import type { Case } from './case.ts';
import { CASES } from './cases.ts';
import { compare, type Seen, type Verdict } from './compare.ts';
import { execute, type RuntimeUnderTest, type Setting } from './execute.ts';
import { type Expectation, explanationOf, parseExpected } from './expected.ts';
import { openSandbox } from './sandbox.ts';
import { countsOf, type Row, renderRow, renderTotals } from './table.ts';
import '../kept-engines.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    beside: { type: 'string', default: 'runc,crun' },
    jobs: { type: 'string', default: '4' },
    every: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
  },
});
const [probe = '', ...chosen] = positionals;
const every = Number(values.every);
const isNamed = ({ name }: Case): boolean => chosen.some((part) => name.includes(part));
const cases = CASES.filter((one, at) => isNamed(one) || ((chosen.length === 0 || every > 1) && at % every === 0));
const isAll = cases.length === CASES.length;
const expected = parseExpected(readFileSync(join(import.meta.dirname, 'expected.md'), 'utf8'), isCgroupV2 ? 2 : 1);
const runtimes = [runtimePath, ...values.beside.split(',')].map(
  (path): RuntimeUnderTest => ({ name: basename(path), path: path.includes('/') ? path : (Bun.which(path) ?? path) }),
);

process.umask(0o22);
const folder = mkdtempSync(join(tmpdir(), 'runts-dif-'));
// The containers of user namespaces go through it.
chmodSync(folder, 0o755);
copyFileSync(probe, join(folder, 'probe'));
const sandbox = await openSandbox();
process.once('exit', cleanUp);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
const setting: Setting = { folder, probe: join(folder, 'probe'), sandbox: sandbox.path, namespaces: sandbox.names };

const used = new Set<Expectation>();
const rows: Row[] = [];
const queue = [...cases.entries()];
console.log(renderRow({ bundle: 'bundle', counts: undefined }));
await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, work));

console.log(renderTotals(rows));
for (const row of isAll ? expected.filter((line) => !used.has(line) && !line.reason.startsWith('Sometimes')) : []) {
  console.log(`stale: no such difference any more: ${row.bundle}: ${row.field}`);
}
const failed = rows.filter(({ counts }) => (counts?.unexplained ?? 0) > 0).length + (rows.length === 0 ? 1 : 0);
console.log(`${rows.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

async function work(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) await runCase(...next);
}

// One runtime after the other: a container's cgroup has the same name under all of them.
async function runCase(index: number, one: Case): Promise<void> {
  const id = `${basename(folder)}-${String(index).padStart(3, '0')}`;
  const seen: Seen[] = [];
  for (const runtime of runtimes) seen.push(await execute(one, runtime, { id, setting }));
  removeCgroups(id);
  const [ours, ...references] = seen;
  if (ours !== undefined) report(one.name, compare(ours, references), seen);
}

function report(bundle: string, verdicts: Verdict[], seen: Seen[]): void {
  const unlike = verdicts.filter(({ likeness }) => likeness === 'unlike');
  const unexplained = unlike.filter(({ field }) => !isExplained(namesOf(bundle, seen), field));
  const row = { bundle, counts: countsOf(verdicts, unexplained.length) };
  rows.push(row);
  console.log(renderRow(row));
  const shown = values.verbose ? verdicts.filter(({ likeness }) => likeness !== 'same') : unexplained;
  for (const { field, values: each } of shown) {
    console.log(`  ${unexplained.some((one) => one.field === field) ? 'not explained: ' : ''}${field}`);
    for (const [runtime, value] of each) console.log(`      ${runtime.padEnd(6)} ${JSON.stringify(value)}`);
  }
  if (!shown.some(({ field }) => field === 'runs')) return;
  for (const { runtime, message } of seen) console.log(`      ${runtime}: ${message.trim().split('\n').at(-1)}`);
}

// Where one reference can't run a bundle, the other's ways are known by a name of their own.
function namesOf(bundle: string, [, ...references]: Seen[]): string[] {
  const able = references.filter(({ ran }) => ran);
  return able.length < references.length ? [bundle, ...able.map(({ runtime }) => `${runtime} alone`)] : [bundle];
}

function isExplained(bundles: string[], field: string): boolean {
  const row = explanationOf(expected, bundles, field);
  if (row !== undefined) used.add(row);
  return row !== undefined;
}

// Folders above the containers' own stay, and what a runtime may have left.
function removeCgroups(name: string): void {
  for (const cgroup of cgroupsOf(name)) {
    // Where no v2 hierarchy is mounted crun makes plain folders and files all the same.
    if (existsSync(join(cgroup, isCgroupV2 ? 'cgroup.events' : 'tasks'))) removeCgroup(cgroup);
    else rmSync(cgroup, { recursive: true, force: true });
  }
}

function cleanUp(): void {
  sandbox.close();
  removeCgroups(basename(folder));
  rmSync(folder, { recursive: true, force: true });
}
