// Mutated configs through the whole `create` with the built binary, then `delete --force`. In namespaces of its own
// (fuzz.ts), so that what a config asks for cannot reach the host; cgroups are kept below one of this run's.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeRootfs, toJson } from '../bundle.ts';
import { cgroupsOf, hostMounts, parseStatus, pids, readText } from '../integration/host.ts';
import { runtimePath } from '../runtime.ts';
import { goodConfigs } from './bases.ts';
import { bytesOf, mutate, poolOf } from './mutate.ts';
import type { Findings } from './plan-fuzz.ts';
import { Random } from './random.ts';
import { tame } from './tame.ts';

const LIMIT_MS = 20_000;

const bases = goodConfigs();
const pool = poolOf(bases);

export class CreateFuzz {
  readonly #tag: string;
  readonly #findings: Findings = { accepted: 0, faults: [] };
  readonly #mounts = new Set(hostMounts());
  readonly #processes = new Set(pids());

  /** @param folder an empty folder of this run's, whose name no cgroup has */
  constructor(
    readonly folder: string,
    tag: string,
  ) {
    this.#tag = tag;
  }

  /** Tries the configs with the numbers from `first` on. */
  run(first: number, count: number): Findings {
    for (let number = first; number < first + count; number++) {
      const bundle = join(this.folder, 'bundle', String(number));
      mkdirSync(bundle, { recursive: true });
      makeRootfs(join(bundle, 'rootfs'));
      mkdirSync(join(bundle, 'data'));
      const bytes = createBytes(number, this.#tag);
      writeFileSync(join(bundle, 'config.json'), bytes);
      const id = `${this.#tag}-${number}`;
      for (const fault of this.#try(bundle, id, cgroupIn(bytes) ?? id)) {
        this.#findings.faults.push(`create ${number}: ${fault}`);
      }
      this.#clean();
      // Nothing is mounted in there any more.
      rmSync(bundle, { recursive: true });
    }
    return this.#findings;
  }

  #try(bundle: string, id: string, cgroup: string): string[] {
    const created = this.#command('create', '--bundle', bundle, id);
    const faults = created.faults;
    if (created.exit === 0) this.#findings.accepted++;
    else faults.push(...nameFault(created.stderr), ...this.#leftovers('after create', cgroup));
    const deleted = this.#command('delete', '--force', id);
    if (deleted.exit !== 0) faults.push(`delete: ${deleted.stderr}`);
    return [...faults, ...deleted.faults, ...this.#leftovers('after delete', cgroup)];
  }

  #command(...args: string[]): { exit: number | null; stderr: string; faults: string[] } {
    const errors = join(this.folder, 'stderr');
    const line = `exec "$0" "$@" </dev/null >/dev/null 2>'${errors}'`;
    const argv = ['-c', line, runtimePath, '--root', join(this.folder, 'state'), ...args];
    const { status, signal } = spawnSync('sh', argv, { stdio: 'ignore', timeout: LIMIT_MS, killSignal: 'SIGKILL' });
    const stderr = readFileSync(errors, 'utf8').trimEnd();
    const faults: string[] = [];
    if (signal !== null) faults.push(`${args[0]} was ended by ${signal}, after at most ${LIMIT_MS} ms`);
    else if (status !== 0 && status !== 1) faults.push(`${args[0]} exited with ${status}: ${stderr}`);
    if (stderr.split('\n').some((one) => isForeign(one))) faults.push(`${args[0]} said: ${stderr}`);
    return { exit: status, stderr, faults };
  }

  #leftovers(when: string, cgroup: string): string[] {
    // Seccomp filters are kept for the next container, up to a number.
    const state = entriesOf(join(this.folder, 'state')).filter((name) => !name.startsWith('seccomp:'));
    const mounts = hostMounts().filter((target) => !this.#mounts.has(target));
    const processes = pids().filter((pid) => !this.#processes.has(pid) && isAlive(pid));
    // Folders above the container's own stay, as in runc.
    const cgroups = cgroupsOf(this.#tag).filter((path) => path.endsWith(`/${cgroup}`));
    const found = { state, mounts, processes, cgroups };
    return Object.entries(found).flatMap(([what, list]) => (list.length > 0 ? [`${when}: ${what}: ${list}`] : []));
  }

  // What one case has left must not make the next one fail.
  #clean(): void {
    for (const target of hostMounts().reverse()) {
      if (!this.#mounts.has(target)) spawnSync('umount', ['-l', target]);
    }
    for (const pid of pids()) if (!this.#processes.has(pid) && isAlive(pid)) process.kill(pid, 'SIGKILL');
    for (const directory of cgroupsOf(this.#tag).reverse()) removeFolder(directory);
    rmSync(join(this.folder, 'state'), { recursive: true, force: true });
  }
}

/** The bytes of a numbered config. */
export function createBytes(number: number, tag: string): Buffer {
  const random = new Random(number);
  const config = structuredClone(random.pick(bases));
  mutate(config, random, pool);
  // Through text, as a config comes: what JSON can't hold is gone.
  return bytesOf(tame(JSON.parse(toJson(config)), tag), random);
}

// Where the container's cgroup is below the hierarchies' mount points, if the config says it.
function cgroupIn(bytes: Buffer): string | undefined {
  const path = /"cgroupsPath": ("(?:[^"\\]|\\.)*")/.exec(bytes.toString())?.[1];
  try {
    const parts = String(JSON.parse(path ?? '""')).split('/');
    return parts.filter((part) => part !== '' && part !== '.').join('/') || undefined;
  } catch {
    return undefined;
  }
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function removeFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Told by the next look.
  }
}

function isAlive(pid: number): boolean {
  const state = parseStatus(readText(`/proc/${pid}/status`)).get('State');
  return state !== undefined && !state.startsWith('Z') && !state.startsWith('X');
}

// The engine's own words, or those of nobody.
function isForeign(line: string): boolean {
  return line !== '' && (!line.startsWith('runts: ') || /internal error|\.(ts|js):\d+|Error: /.test(line));
}

// The default devices and links are the specification's: no property asks for them.
const PLACE =
  /config\.json|default (device|link)|\/(ociVersion|root|mounts|process|hostname|domainname|hooks|annotations|linux)\b/;

function nameFault(stderr: string): string[] {
  const line = stderr.split('\n').at(-1) ?? '';
  return PLACE.test(line) ? [] : [`names no property: ${line}`];
}
