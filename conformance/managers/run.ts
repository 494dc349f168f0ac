// Containerd, Docker Engine and Podman with the runtime under test (env RUNTIME), after runc: what works with runc has
// to work with it, and what this machine can't do even with runc is skipped with the reason.
// usage: bun conformance/managers/run.ts [--markdown] [--only PART[|PART...]] [MANAGER...]
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { runtimePath } from '../runtime.ts';
import { isManagerName, type ManagerName, managers } from './managers.ts';
import { isChosen, runSession } from './session.ts';
import { compare, countOf, line, markdown, type Row } from './table.ts';
import '../kept-engines.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' }, markdown: { type: 'boolean', default: false } },
});
if (process.getuid?.() !== 0) {
  console.error('the managers need root');
  process.exit(1);
}
const asked = positionals.length > 0 ? positionals : Object.keys(managers);
const REFERENCE = Bun.which('runc') ?? '/usr/sbin/runc';
for (const path of [REFERENCE, runtimePath]) {
  console.log(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0]);
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));

const rows: Row[] = [];
for (const name of asked) {
  if (!isManagerName(name)) throw new Error(`no manager: ${name}; there are ${Object.keys(managers).join(', ')}`);
  rows.push(...(await runManager(name)));
}
console.log(countOf(rows));
process.exitCode = rows.length === 0 || rows.some(({ verdict }) => verdict === 'FAIL') ? 1 : 0;

// Both at the same time: they don't see each other, and most of it is waiting.
async function runManager(name: ManagerName): Promise<Row[]> {
  const sessions = [REFERENCE, runtimePath].map((path) => runSession(name, path, values.only));
  const [reference, ours] = await Promise.all(sessions);
  if (reference === undefined || ours === undefined) return [];
  const names = managers[name].map(([check]) => check).filter((check) => isChosen(check, values.only));
  const compared = compare(names, reference, ours);
  console.log(`\n${ours.version}`);
  for (const row of compared) console.log(values.markdown ? markdown(row) : line(row));
  return compared;
}
