// One manager with one runtime, isolated: starts it, reads its results, removes what is left on this machine.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { cgroupsOf, removeCgroup } from '../integration/host.ts';
import { repository } from '../runtime.ts';

/** All checks of a manager together. */
const LIMIT_MS = 400_000;

export interface Result {
  name: string;
  failure?: string | undefined;
  seconds: number;
}

export interface Session {
  version: string;
  /** Why there are no results. */
  problem: string | undefined;
  results: Result[];
}

/** Whether a check's name contains one of the choice's parts, which are separated by bars. */
export function isChosen(name: string, choice: string): boolean {
  return choice === '' || choice.split('|').some((part) => name.includes(part));
}

/** Runs the chosen checks of a manager with the runtime at a path. */
export function runSession(manager: string, runtime: string, choice: string): Session {
  const folder = mkdtempSync(join(tmpdir(), 'runts-managers-'));
  const tag = basename(folder);
  const bun = join(repository, 'node_modules/.bin/bun');
  const inside = [bun, join(import.meta.dirname, 'inside.ts'), manager, runtime, choice];
  try {
    const isolated = join(import.meta.dirname, 'isolated.sh');
    const { status, stderr } = spawnSync(
      'unshare',
      ['--fork', '--kill-child', 'sh', isolated, folder, tag, ...inside],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        encoding: 'utf8',
        timeout: LIMIT_MS,
        killSignal: 'SIGKILL',
      },
    );
    return readSession(folder, status === 0 ? undefined : `exit status ${status}: ${stderr.trim()}`);
  } finally {
    for (const directory of cgroupsOf(tag).reverse()) removeCgroup(directory);
    if (process.env.KEEP === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function readSession(folder: string, problem: string | undefined): Session {
  const file = join(folder, 'results');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const results = lines.map((line): Result => JSON.parse(line));
  const take = (name: string): string | undefined => results.find((result) => result.name === name)?.failure;
  const checks = results.filter(({ name }) => name !== 'version' && name !== 'setup');
  return { version: take('version') ?? '', problem: take('setup') ?? problem, results: checks };
}
