// Many containers: 1,000 runs one after the other and 200 runs eight at a time; in one container 2,000 processes one after
// the other and 400 twenty at a time. No failure, and afterwards no more mounts, cgroups, processes, state or memory than
// before. `make soak`; COUNT=n makes it shorter.
import { readFileSync } from 'node:fs';
import { Runtime } from '../runtime.ts';
import { cgroups, hostMounts, pids } from './host.ts';
import { leftovers, snapshot } from './leftovers.ts';
import '../kept-engines.ts';

const SEQUENTIAL = Number(process.env.COUNT ?? 1000);
const PARALLEL = Math.ceil(SEQUENTIAL / 5);
const AT_ONCE = 8;
const EXECS = 2 * SEQUENTIAL;
const EXECS_AT_ONCE = 20;
// Other programs of this machine move these numbers too; a leak of one cgroup or mount per run is far above this.
const ALLOWED_KB = 64_000;
const ALLOWED_KB_PER_RUN = 16;

const runtime = new Runtime('soak');
let failures = 0;

try {
  const bundle = runtime.bundle({ process: { args: ['echo', 'fine'] } });
  const runOf = (id: string): string[] => ['run', '--bundle', bundle.directory, id];
  // The first runs fill caches that stay.
  for (let index = 0; index < 20; index++) runtime.ok(runOf(runtime.id()));
  const before = snapshot(runtime);
  const start = counts();
  print('before', start);

  for (let index = 0; index < SEQUENTIAL; index++) {
    const { exit, stdout, stderr } = runtime.command(runOf(runtime.id()));
    check(`sequential run ${index}`, exit === 0 && stdout === 'fine\n', stderr);
  }
  print(`after ${SEQUENTIAL} sequential runs`, counts());

  let started = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (started < PARALLEL) {
        const number = started++;
        const { exit, stdout, stderr } = await runtime.begin(runOf(runtime.id())).ended;
        check(`parallel run ${number}`, exit === 0 && stdout === 'fine\n', stderr);
      }
    }),
  );
  await manyExecs();
  const left = leftovers(before);
  check('no leftovers', left.length === 0, left.join('; '));
  const end = counts();
  print(`after ${PARALLEL} runs, ${AT_ONCE} at a time`, end);

  const allowed = ALLOWED_KB + ALLOWED_KB_PER_RUN * (SEQUENTIAL + PARALLEL + EXECS);
  check('mounts', end.mounts <= start.mounts, `${start.mounts} to ${end.mounts}`);
  check('unreclaimable slab', end.slab - start.slab <= allowed, `grew by ${end.slab - start.slab} kB`);
  check('memory', start.available - end.available <= allowed, `shrank by ${start.available - end.available} kB`);
} finally {
  runtime.close();
}
console.log(failures === 0 ? `soak: ${SEQUENTIAL + PARALLEL} runs, no failure` : `soak: ${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;

async function manyExecs(): Promise<void> {
  const id = runtime.running();
  const words = ['exec', id, 'echo', 'fine'];
  for (let index = 0; index < EXECS; index++) {
    const { exit, stdout, stderr } = runtime.command(words);
    check(`sequential exec ${index}`, exit === 0 && stdout === 'fine\n', stderr);
  }
  for (let index = 0; index < EXECS / 5; index += EXECS_AT_ONCE) {
    const started = Array.from({ length: EXECS_AT_ONCE }, () => runtime.begin(words));
    for (const { exit, stdout, stderr } of await Promise.all(started.map(({ ended }) => ended))) {
      check(`parallel exec ${index}`, exit === 0 && stdout === 'fine\n', stderr);
    }
  }
  runtime.remove(id);
  print(`after ${EXECS} execs, and ${EXECS / 5} more, ${EXECS_AT_ONCE} at a time`, counts());
}

interface Counts {
  mounts: number;
  cgroups: number;
  processes: number;
  /** In kB, /proc/meminfo. */
  available: number;
  slab: number;
}

function counts(): Counts {
  const meminfo = readFileSync('/proc/meminfo', 'utf8');
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1]);
  return {
    mounts: hostMounts().length,
    cgroups: cgroups().length,
    processes: pids().length,
    available: kilobytes('MemAvailable'),
    slab: kilobytes('SUnreclaim'),
  };
}

function print(when: string, { mounts, cgroups: groups, processes, available, slab }: Counts): void {
  const memory = `MemAvailable ${available} kB, SUnreclaim ${slab} kB`;
  console.log(`${when}: ${mounts} mounts, ${groups} cgroups, ${processes} processes, ${memory}`);
}

function check(what: string, isGood: boolean, detail: string): void {
  if (isGood) return;
  failures++;
  // The first ones tell; a thousand equal lines do not.
  if (failures <= 10) console.error(`${what}: ${detail.trim()}`);
}
