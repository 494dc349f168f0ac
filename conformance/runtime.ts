// The runtime binary under test (env RUNTIME, default dist/runts), with its own state root and temp folder.
// Every call has a time limit; close() removes the containers, mounts and files that a test file made.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { type Bundle, type Changes, makeBundle } from './bundle.ts';
import { cgroupsOf, hostMounts, readText, removeCgroup } from './integration/host.ts';

export const repository: string = dirname(import.meta.dirname);
const asked = process.env.RUNTIME ?? 'dist/runts';
export const runtimePath: string = asked.includes('/') ? resolve(repository, asked) : asked;
export const isRunts: boolean = basename(runtimePath) === 'runts';

const TIME_LIMIT_MS = 30_000;

// Test files that don't care how a cgroup is made use the systemd driver, if asked to.
export const isSystemdDriver: boolean = process.env.CGROUP_DRIVER === 'systemd';
const DRIVER = isSystemdDriver ? ['--systemd-cgroup'] : [];

/** How a finished command ended. */
export interface Result {
  /** Null when a signal ended the runtime itself. */
  exit: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  /** Options before the command's name. */
  globals?: string[];
  input?: string;
  env?: Record<string, string>;
  cwd?: string;
  timeoutMs?: number;
  /** Host files to open as descriptors 3, 4, ... */
  descriptors?: string[];
  /** A program (with its options) that runs the runtime, e.g. strace. */
  wrapper?: string[];
}

export interface State {
  ociVersion: string;
  id: string;
  status: string;
  pid: number;
  bundle: string;
  annotations?: Record<string, string>;
  rootfs?: string;
  created?: string;
  owner?: string;
}

/** A runtime command that is still running. */
export interface RunningCommand {
  child: ChildProcess;
  pid: number;
  stdout(): string;
  /** Resolves when the command has ended; it is killed at its time limit. */
  ended: Promise<Result>;
}

export class Runtime {
  /** Unique on this machine; part of every path, container id and environment that this object makes. */
  readonly tag: string;
  readonly folder: string;
  readonly root: string;
  readonly #ids = new Set<string>();
  #commands = 0;
  #bundles = 0;

  constructor(theme: string) {
    this.folder = mkdtempSync(join(tmpdir(), `runts-it-${theme}-`));
    this.tag = basename(this.folder);
    this.root = join(this.folder, 'state');
  }

  /** A container id that nobody else uses. */
  id(): string {
    // Padded, so that `list` sorts them in the order of creation.
    const id = `${this.tag}-${String(this.#ids.size).padStart(4, '0')}`;
    this.#ids.add(id);
    return id;
  }

  bundle(changes: Changes = {}): Bundle {
    return makeBundle(join(this.folder, `bundle${this.#bundles++}`), changes);
  }

  /** Runs one runtime command to its end. Its output goes through files: a container may keep them open. */
  command(args: string[], options: CommandOptions = {}): Result {
    const { argv, stdio, outputs, env } = this.#prepare(args, options);
    const [file = '', ...rest] = argv;
    const timeout = options.timeoutMs ?? TIME_LIMIT_MS;
    const done = spawnSync(file, rest, { stdio, env, cwd: options.cwd, timeout, killSignal: 'SIGKILL' });
    for (const descriptor of stdio) closeSync(descriptor);
    if (done.error !== undefined) {
      throw new Error(`${argv.join(' ')}: ${done.error.message}\n${readText(outputs[0])}${readText(outputs[1])}`);
    }
    return { exit: done.status, signal: done.signal, stdout: readText(outputs[0]), stderr: readText(outputs[1]) };
  }

  /** Starts one runtime command and returns at once. */
  begin(args: string[], options: CommandOptions = {}): RunningCommand {
    const { argv, stdio, outputs, env } = this.#prepare(args, options);
    const [file = '', ...rest] = argv;
    const child = spawn(file, rest, { stdio, env, cwd: options.cwd });
    for (const descriptor of stdio) closeSync(descriptor);
    const limit = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? TIME_LIMIT_MS);
    const ended = new Promise<Result>((resolveResult, reject) => {
      child.once('error', reject);
      child.once('exit', (exit, signal) => {
        clearTimeout(limit);
        resolveResult({ exit, signal, stdout: readText(outputs[0]), stderr: readText(outputs[1]) });
      });
    });
    if (child.pid === undefined) throw new Error(`${argv.join(' ')} did not start`);
    return { child, pid: child.pid, stdout: () => readText(outputs[0]), ended };
  }

  /** A command that must succeed; its standard output. */
  ok(args: string[], options: CommandOptions = {}): string {
    const result = this.command(args, options);
    if (result.exit === 0) return result.stdout;
    throw new Error(`${args.join(' ')}: exit ${result.exit} ${result.signal ?? ''}\n${result.stderr}${result.stdout}`);
  }

  /** A command that must fail with one line on standard error, which is returned without the line feed. */
  fails(args: string[], options: CommandOptions = {}): string {
    const { exit, signal, stderr } = this.command(args, options);
    if (exit === 0) throw new Error(`${args.join(' ')}: succeeded, should have failed`);
    if (signal !== null) throw new Error(`${args.join(' ')}: killed by ${signal}`);
    const line = stderr.replace(/\n$/, '');
    // runc prints warnings, and for some errors a usage text, as well.
    if (isRunts && !/^runts: [^\n]+$/.test(line)) throw new Error(`not one line beginning "runts: ":\n${stderr}`);
    if (line === '') throw new Error(`${args.join(' ')}: failed without a word`);
    return line;
  }

  create(bundle: Bundle, flags: string[] = []): string {
    const id = this.id();
    this.ok(['create', '--bundle', bundle.directory, ...flags, id]);
    return id;
  }

  /** Creates and starts a container that sleeps (or does what `changes` say). */
  running(changes: Changes = {}): string {
    const id = this.create(this.bundle({ ...changes, process: { args: ['sleep', '60'], ...changes.process } }));
    this.ok(['start', id]);
    return id;
  }

  /** What a foreground run of `sh -c script` in a fresh container prints. */
  inside(script: string, changes: Changes = {}, options: CommandOptions = {}): string {
    const bundle = this.bundle({ ...changes, process: { ...changes.process, args: ['sh', '-c', script] } });
    return this.ok(['run', '--bundle', bundle.directory, this.id()], options);
  }

  state(id: string): State {
    return JSON.parse(this.ok(['state', id]));
  }

  /** Removes a container whatever its status. */
  remove(id: string): void {
    this.ok(['delete', '--force', id]);
  }

  waitFor(id: string, status: string, limitMs = 10_000): State {
    let last: State | undefined;
    const reached = waitUntil(() => {
      last = this.state(id);
      return last.status === status;
    }, limitMs);
    if (reached && last !== undefined) return last;
    throw new Error(`${id} is ${last?.status}, not ${status}, after ${limitMs} ms`);
  }

  /** Removes everything that this object's containers may have left, also when the runtime does not manage it. */
  close(): void {
    if (!existsSync(this.folder)) return;
    for (const id of this.#ids) {
      // An id that never came to life is fine: `--force` forgives it.
      spawnSync(runtimePath, ['--root', this.root, 'delete', '--force', id], {
        stdio: 'ignore',
        timeout: TIME_LIMIT_MS,
        killSignal: 'SIGKILL',
      });
    }
    for (const directory of cgroupsOf(this.tag)) removeCgroup(directory);
    const targets = hostMounts().filter((target) => target.startsWith(`${this.folder}/`));
    for (const target of targets.reverse()) spawnSync('umount', ['-l', target], { stdio: 'ignore' });
    rmSync(this.folder, { recursive: true, force: true });
  }

  #prepare(args: string[], { globals = [], input, env = {}, descriptors = [], wrapper = [] }: CommandOptions) {
    const name = join(this.folder, `command${this.#commands++}`);
    const outputs = [`${name}.out`, `${name}.err`] as const;
    if (input !== undefined) writeFileSync(`${name}.in`, input);
    const stdio = [
      openSync(input === undefined ? '/dev/null' : `${name}.in`, 'r'),
      openSync(outputs[0], 'a'),
      openSync(outputs[1], 'a'),
      ...descriptors.map((path) => openSync(path, 'r+')),
    ];
    const argv = [...wrapper, runtimePath, '--root', this.root, ...DRIVER, ...globals, ...args];
    return { argv, stdio, outputs, env: { ...process.env, RUNTS_IT: this.tag, ...env } };
  }
}

/** Asks again until the answer is yes; false when that took too long. */
export function waitUntil(isTrue: () => boolean, limitMs = 10_000): boolean {
  const end = performance.now() + limitMs;
  while (!isTrue()) {
    if (performance.now() > end) return false;
    Bun.sleepSync(10);
  }
  return true;
}
