// One manager with one runtime, isolated: starts it, reads its results, removes what is left on this machine.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { cgroupsOf, removeCgroup } from '../integration/host.ts';
import { repository } from '../runtime.ts';

/** All checks of a manager together. */
const LIMIT_MS = 600_000;

export interface Result {
  name: string;
  failure?: string | undefined;
  /** All that was said, of a failure. */
  detail?: string | undefined;
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
export async function runSession(manager: string, runtime: string, choice: string): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'runts-managers-'));
  const tag = basename(folder);
  const bun = join(repository, 'node_modules/.bin/bun');
  const inside = [bun, join(import.meta.dirname, 'inside.ts'), manager, runtime, choice];
  const isolated = join(import.meta.dirname, 'isolated.sh');
  const child = spawn('unshare', ['--fork', '--kill-child', 'sh', isolated, folder, tag, ...inside], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const clean = (): void => {
    child.kill('SIGKILL');
    for (const directory of cgroupsOf(tag).reverse()) removeCgroup(directory);
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', clean);
  try {
    return readSession(folder, await problemOf(child));
  } finally {
    process.off('exit', clean);
    clean();
  }
}

function problemOf(child: ChildProcessByStdio<null, null, Readable>): Promise<string | undefined> {
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('exit', (status, signal) => {
      child.stderr.destroy();
      resolve(status === 0 ? undefined : `exit status ${status ?? signal}: ${said.trim()}`);
    });
  });
}

function readSession(folder: string, problem: string | undefined): Session {
  const file = join(folder, 'results');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const results = lines.map((line): Result => JSON.parse(line));
  const take = (name: string): string | undefined => results.find((result) => result.name === name)?.failure;
  const checks = results.filter(({ name }) => name !== 'version' && name !== 'setup');
  return { version: take('version') ?? '', problem: take('setup') ?? problem, results: checks };
}
