// Fuzzes `create`: mutated configs through everything that is decided, in this process, and through the built binary.
// usage: bun conformance/fuzz/fuzz.ts [--seed N] [--plans N] [--creates N]; --show N prints config N of the plans.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { CreateFuzz, createBytes } from './create-fuzz.ts';
import { type Findings, fuzzPlans, planBytes } from './plan-fuzz.ts';
import '../kept-engines.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    plans: { type: 'string', default: '20000' },
    creates: { type: 'string', default: '1000' },
    'show-plan': { type: 'string' },
    'show-create': { type: 'string' },
  },
});
// Numbers of configs do not overlap between seeds.
const SEED_SIZE = 1_000_000;
const first = Number(values.seed) * SEED_SIZE;
const MOST_FAULTS = 50;
const ISOLATED = 'RUNTS_FUZZ_ISOLATED';

if (values['show-plan'] !== undefined) console.log(planBytes(Number(values['show-plan'])).toString());
else if (values['show-create'] !== undefined) console.log(createBytes(Number(values['show-create']), 'tag').toString());
else if (process.env[ISOLATED] === undefined) process.exitCode = isolate();
else process.exitCode = report('create', fuzzCreates()) ? 1 : 0;

// In mount, UTS, IPC, network and pid namespaces; the shell collects the orphans.
function isolate(): number {
  const plans = report('validation and plan', fuzzPlans(first, Number(values.plans)));
  if (Number(values.creates) === 0) return plans ? 1 : 0;
  const namespaces = ['--mount', '--propagation', 'private', '--uts', '--ipc', '--net', '--pid', '--fork'];
  const shell = ['--kill-child', '--mount-proc', 'sh', '-c', '"$@"; exit $?', 'sh'];
  const argv = [...namespaces, ...shell, process.execPath, ...process.argv.slice(1)];
  const { status } = spawnSync('unshare', argv, { stdio: 'inherit', env: { ...process.env, [ISOLATED]: '1' } });
  return plans || status !== 0 ? 1 : 0;
}

function fuzzCreates(): Findings {
  const folder = mkdtempSync(join(tmpdir(), 'runts-fuzz-'));
  try {
    return new CreateFuzz(folder, basename(folder)).run(first, Number(values.creates));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(what: string, { accepted, faults }: Findings): boolean {
  for (const fault of faults.slice(0, MOST_FAULTS)) console.log(fault);
  console.log(`${what}: ${accepted} configs accepted, ${faults.length} faults`);
  return faults.length > 0;
}
