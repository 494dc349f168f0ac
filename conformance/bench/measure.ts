// What is measured for one runtime: whole commands with hyperfine, and the memory of a container that waits.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface Runtime {
  name: string;
  path: string;
}

export interface Place {
  /** For results. */
  folder: string;
  /** For the runtimes' state folders. */
  stateFolder: string;
  bundle: string;
}

/** A timed command: its arguments, and the status that its container must have before. */
interface Timed {
  args: (bundle: string, id: string) => string[];
  before?: 'none' | 'created' | 'stopped';
  /** What has to be there all the time. */
  beside?: 'created';
}

const WARMUP = 3;

export const TIMED = {
  run: { args: (bundle, id) => ['run', '--bundle', bundle, id] },
  create: { args: (bundle, id) => ['create', '--bundle', bundle, id], before: 'none' },
  start: { args: (_, id) => ['start', id], before: 'created' },
  delete: { args: (_, id) => ['delete', id], before: 'stopped' },
  state: { args: (_, id) => ['state', id], beside: 'created' },
  'first exec': { args: (_, id) => ['exec', id, 'true'], before: 'created' },
  // The same again and again, as of a health check.
  exec: { args: (_, id) => ['exec', id, 'true'], beside: 'created' },
} satisfies Record<string, Timed>;

export type TimedName = keyof typeof TIMED;

/** The wall-clock times of `runs` runs of one command, in milliseconds. */
export function time(runtime: Runtime, name: TimedName, place: Place, runs: number): number[] {
  const { args, before, beside }: Timed = TIMED[name];
  const root = rootOf(runtime, place);
  const command = quote([runtime.path, '--root', root, ...args(place.bundle, idOf(runtime))]);
  const result = join(place.folder, 'hyperfine.json');
  const prepare = before === undefined ? [] : ['--prepare', quote(preparation(runtime, place, before))];
  prepareContainer(runtime, place, beside ?? 'none');
  const options = ['-N', '--style', 'none', '--warmup', String(WARMUP), '--runs', String(runs)];
  execute(['hyperfine', ...options, ...prepare, '--export-json', result, command]);
  cleanUp(runtime, place);
  const { results } = JSON.parse(readFileSync(result, 'utf8'));
  rmSync(result);
  return results[0].times.map((seconds: number) => seconds * 1000);
}

/** The proportional set size of a created container's process, in kB (proc_pid_smaps(5)). */
export function waitingSize(runtime: Runtime, place: Place): number {
  prepareContainer(runtime, place, 'created');
  const { pid } = JSON.parse(execute([runtime.path, '--root', rootOf(runtime, place), 'state', idOf(runtime)]));
  const smaps = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  cleanUp(runtime, place);
  return Number(/^Pss: +(\d+) kB$/m.exec(smaps)?.[1]);
}

/** The first line of what a program answers to --version. */
export function versionOf(program: string): string {
  return execute([program, '--version']).split('\n')[0] ?? '';
}

/** Takes away what a measurement that failed has left. */
export function cleanUp(runtime: Runtime, place: Place): void {
  prepareContainer(runtime, place, 'none');
}

function idOf({ name }: Runtime): string {
  return `bench-${name}`;
}

function rootOf({ name }: Runtime, { stateFolder }: Place): string {
  return join(stateFolder, name);
}

function preparation(runtime: Runtime, place: Place, status: NonNullable<Timed['before']>): string[] {
  const script = join(import.meta.dirname, 'prepare.sh');
  return ['sh', script, runtime.path, rootOf(runtime, place), place.bundle, idOf(runtime), status];
}

function prepareContainer(runtime: Runtime, place: Place, status: NonNullable<Timed['before']>): void {
  execute(preparation(runtime, place, status));
}

// hyperfine takes a command as one text and splits it like a shell.
function quote(words: string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}

function execute([program = '', ...args]: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${[program, ...args].join(' ')}: ${error?.message ?? `exit status ${status}`}\n${stderr}${stdout}`);
}
