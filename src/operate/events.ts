// `events`: statistics of a container, at intervals or once, and a word when it runs out of memory.
import { closeSync } from '../../bindings/file-system.ts';
import { pollReadable } from '../../bindings/files.ts';
import { pidfdOpen } from '../../bindings/process.ts';
import { locateCgroup, type PlacedCgroup } from '../cgroup/cgroup.ts';
import { type OutOfMemory, watchOutOfMemory } from '../cgroup/out-of-memory.ts';
import { readStatistics } from '../cgroup/statistics.ts';
import { StateError, UsageError } from '../errors.ts';
import { checkId } from '../state/id.ts';
import { startTimeOf, statusOf } from '../state/status.ts';
import { loadRecord } from '../state/store.ts';
import type { Print } from './dispatch.ts';

export interface EventsOptions {
  /** Time between two statistics, as Go writes durations: `5s`, `1m30s`. */
  interval: string;
  /** Only the statistics, once. */
  stats: boolean;
}

/**
 * The command. Without `stats` it goes on until the container ends, or nobody reads any more.
 * @throws StateError if the container has no process
 */
export function events(root: string, id: string, { interval, stats }: EventsOptions, print: Print): void {
  checkId(id);
  const intervalMs = parseDuration(interval);
  const record = loadRecord(root, id);
  const status = statusOf(root, record);
  const pidfd = pidfdOpen(record.pid);
  const isRunning = status !== 'stopped' && status !== 'creating' && startTimeOf(record.pid) === record.startTime;
  if (pidfd === undefined || !isRunning) throw new StateError(`container with id ${id} is not running`);
  const placed = locateCgroup(record.cgroups);
  if (stats) print(statisticsLine(id, placed));
  else follow({ id, placed, pidfd, intervalMs, print });
  closeSync(pidfd);
}

interface Following {
  id: string;
  placed: PlacedCgroup[];
  pidfd: number;
  intervalMs: number;
  print: Print;
}

function follow(following: Following): void {
  const { id, placed, pidfd, intervalMs, print } = following;
  const memory = watchOutOfMemory(placed);
  let next = performance.now() + intervalMs;
  for (;;) {
    const rest = Math.max(next - performance.now(), 0);
    const [hasEnded] = pollReadable([pidfd, ...(memory === undefined ? [] : [memory.fd])], rest);
    if (tellOutOfMemory(id, memory, print) === false) return;
    if (hasEnded) return;
    if (performance.now() < next) continue;
    next += intervalMs;
    const line = statisticsLine(id, placed);
    // What was read of a container that ended meanwhile may be nothing: its cgroup can be gone.
    if (!pollReadable([pidfd], 0)[0] && print(line) === false) return;
  }
}

function tellOutOfMemory(id: string, memory: OutOfMemory | undefined, print: Print): unknown {
  return memory?.hasHappened() ? print(`${JSON.stringify({ type: 'oom', id })}\n`) : undefined;
}

function statisticsLine(id: string, placed: PlacedCgroup[]): string {
  return `${JSON.stringify({ type: 'stats', id, data: readStatistics(placed) })}\n`;
}

const UNITS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration as Go's time.ParseDuration reads it. */
export function parseDuration(text: string): number {
  const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g;
  const isDuration = text !== '' && text.replace(part, '') === '';
  let sum = 0;
  for (const [, number, unit = ''] of text.matchAll(part)) sum += Number(number) * (UNITS[unit] ?? 0);
  if (isDuration && sum > 0) return sum;
  throw new UsageError(`--interval ${JSON.stringify(text)} is not a duration above 0`, {
    hint: 'use e.g. 500ms or 5s',
  });
}
