// Times runts beside runc and crun, in rounds that take turns, and compares the medians. A missed target is shown and
// does not fail. usage: bun conformance/bench/bench.ts [--rounds N] [--runs N]
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBundle } from '../bundle.ts';
import { runtimePath } from '../runtime.ts';
import { installCopy } from './install.ts';
import { cleanUp, type Place, type Runtime, TIMED, type TimedName, time, versionOf, waitingSize } from './measure.ts';
import { type Row, renderTable } from './table.ts';
import '../kept-engines.ts';

const SOURCES: Runtime[] = [
  { name: 'runts', path: runtimePath },
  { name: 'runc', path: 'runc' },
  { name: 'crun', path: 'crun' },
];
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, runs: { type: 'string', default: '20' } },
});
const rounds = Number(values.rounds);
const runs = Number(values.runs);

const folder = mkdtempSync(join(tmpdir(), 'runts-bench-'));
const stateFolder = mkdtempSync('/run/runts-bench-');
const place = makePlace();
const RUNTIMES = installAll();
try {
  describeMachine();
  const times = measureTimes();
  const sizes = RUNTIMES.map((runtime) => median(Array.from({ length: rounds }, () => waitingSize(runtime, place))));
  console.log(renderTable(rowsOf(times, sizes)));
} finally {
  for (const runtime of RUNTIMES) cleanUp(runtime, place);
  for (const path of [folder, stateFolder]) rmSync(path, { recursive: true, force: true });
}

function installAll(): Runtime[] {
  return SOURCES.map((runtime) => installCopy(runtime, join(folder, 'installed')));
}

type Times = Map<TimedName, number[][]>;

function describeMachine(): void {
  const versions = RUNTIMES.map(({ path }) => versionOf(path)).join(', ');
  console.log(`${versions}; Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model.trim()}`);
  console.log(
    `${rounds} rounds of ${runs} runs each; bundle: busybox true, config as \`spec\` writes it; each round with fresh copies of the executables, the state in memory`,
  );
}

function makePlace(): Place {
  const { directory } = makeBundle(join(folder, 'bundle'), { process: { args: ['true'] } });
  return { folder, stateFolder, bundle: directory };
}

// Whatever else the machine does meets all three: each round starts with another one.
function measureTimes(): Times {
  const names = Object.keys(TIMED) as TimedName[];
  const times: Times = new Map(names.map((name) => [name, RUNTIMES.map(() => [])]));
  for (let round = 0; round < rounds; round++) {
    installAll();
    for (const name of names) {
      RUNTIMES.forEach((_, turn) => {
        const index = (round + turn) % RUNTIMES.length;
        const runtime = RUNTIMES[index];
        if (runtime !== undefined) times.get(name)?.[index]?.push(...time(runtime, name, place, runs));
      });
    }
  }
  return times;
}

function rowsOf(times: Times, sizes: number[]): Row[] {
  const medians = (name: TimedName): number[] => (times.get(name) ?? []).map(median);
  const [create, start, remove] = [medians('create'), medians('start'), medians('delete')];
  const cycle = create.map((value, index) => value + (start[index] ?? 0) + (remove[index] ?? 0));
  return [
    { name: 'run', unit: 'ms', values: medians('run'), target: { ratio: 0.6 } },
    { name: 'create + start + delete', unit: 'ms', values: cycle, target: { ratio: 0.8 } },
    { name: '  create', unit: 'ms', values: create },
    { name: '  start', unit: 'ms', values: start },
    { name: '  delete', unit: 'ms', values: remove },
    { name: 'state', unit: 'ms', values: medians('state'), target: { ratio: 1.3 } },
    { name: 'exec, first in a container', unit: 'ms', values: medians('first exec'), target: { ratio: 0.6 } },
    { name: 'exec, the same again', unit: 'ms', values: medians('exec'), target: { ratio: 0.6 } },
    { name: 'waiting container', unit: 'kB', values: sizes, target: { atMost: 64 } },
  ];
}

function median(samples: number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1] ?? Number.NaN, sorted[Math.floor(middle)] ?? Number.NaN];
  return (low + high) / 2;
}
