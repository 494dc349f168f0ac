// The container process: everything that holds when the user's program gets control (config.md, "Process").
import type { SchedulingAttributes } from '../../bindings/scheduling.ts';
import type { Config, Process } from '../bundle/config.ts';
import { type CapabilityMasks, planCapabilities } from './capabilities.ts';
import type { HostFacts } from './host-facts.ts';
import { type ProcessLabels, planLabels } from './labels.ts';
import { RLIMITS } from './rlimits.ts';
import { planIoPriority, planScheduler } from './scheduling.ts';
import { planTerminal, type TerminalPlan } from './terminal.ts';

export interface ProcessPlan extends ProcessLabels {
  args: string[];
  env: string[];
  /** Whether HOME is missing and comes from the container's /etc/passwd, as in runc. */
  needsHome: boolean;
  cwd: string;
  /** What execve tries in turn: args[0] itself, or that in each folder of PATH (execvp(3)). */
  executables: string[];
  uid: number;
  gid: number;
  additionalGids: number[];
  umask: number;
  capabilities: CapabilityMasks;
  rlimits: { label: string; resource: number; soft: bigint; hard: bigint }[];
  noNewPrivileges: boolean;
  oomScoreAdj: number | undefined;
  terminal: TerminalPlan | undefined;
  scheduler: SchedulingAttributes | undefined;
  /** For ioprio_set(2). */
  ioPriority: number | undefined;
}

/** The facts for a process in a user namespace: whoever enters one has all capabilities in it, user_namespaces(7). */
export function inUserNamespace(host: HostFacts): HostFacts {
  return { ...host, grantableCapabilities: (1n << BigInt(host.lastCapability + 1)) - 1n };
}

/** Decides on the container process; undefined if the config has none. Warnings go to `warnings`. */
export function planProcess(
  config: Config,
  host: HostFacts,
  { warnings, listenFds }: { warnings: string[]; listenFds: number },
): ProcessPlan | undefined {
  const { process } = config;
  if (process === undefined) return undefined;
  const capabilities = planCapabilities(process.capabilities, host.grantableCapabilities);
  warnings.push(...capabilities.warnings);
  const { uid = 0, gid = 0, additionalGids = [], umask = host.umask } = process.user ?? {};
  const args = process.args ?? [];
  const env = lastOfEach([...(process.env ?? []), ...socketActivation(listenFds)]);
  return {
    args,
    env,
    needsHome: !env.some((entry) => entry.startsWith('HOME=')),
    cwd: process.cwd,
    executables: executables(args[0] ?? '', env),
    uid,
    gid,
    additionalGids,
    umask,
    capabilities: capabilities.masks,
    rlimits: planRlimits(process, host),
    noNewPrivileges: process.noNewPrivileges ?? false,
    oomScoreAdj: process.oomScoreAdj,
    terminal: planTerminal(process),
    scheduler: planScheduler(process.scheduler),
    ioPriority: planIoPriority(process.ioPriority),
    ...planLabels(process),
  };
}

/** Of variables with the same name the last: getenv(3) would find the first, most shells the last. */
export function lastOfEach(env: string[]): string[] {
  const names = env.map(nameOf);
  if (new Set(names).size === env.length) return env;
  return env.filter((_, index) => names.lastIndexOf(names[index] ?? '') === index);
}

/** What stands before the `=`. */
export function nameOf(entry: string): string {
  return entry.slice(0, entry.indexOf('='));
}

// sd_listen_fds(3): LISTEN_PID is the process that they are for, the first in its pid namespace.
function socketActivation(listenFds: number): string[] {
  return listenFds === 0 ? [] : [`LISTEN_FDS=${listenFds}`, 'LISTEN_PID=1'];
}

// config.md: args[0] has the semantics of execvp's file: with a slash it's a path, without it's looked for in PATH. An
// empty name is nowhere (ENOENT), and no folder.
function executables(file: string, env: string[]): string[] {
  if (file.includes('/') || file === '') return [file];
  // Without PATH it's the C library's default, execvp(3).
  const path = env.find((entry) => entry.startsWith('PATH='))?.slice(5) ?? '/bin:/usr/bin';
  return path.split(':').map((folder) => (folder === '' ? `./${file}` : `${folder}/${file}`));
}

function planRlimits(process: Process, host: HostFacts): ProcessPlan['rlimits'] {
  const limits = (process.rlimits ?? []).map(({ type, soft, hard }, index) => ({
    label: `/process/rlimits/${index} (${type})`,
    resource: RLIMITS.indexOf(type),
    soft: BigInt(soft),
    hard: BigInt(hard),
  }));
  const resource = RLIMITS.indexOf('RLIMIT_NOFILE');
  if (limits.some((limit) => limit.resource === resource)) return limits;
  // The engine raised the soft limit for itself at start; the container gets the caller's.
  return [...limits, { label: 'RLIMIT_NOFILE', resource, ...host.openFiles }];
}
