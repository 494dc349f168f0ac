// One more process in a container: what `exec` asks for, on top of the container's own process.
import type { Capabilities, Process, Rlimit, User } from '../bundle/config.ts';
import { RuntimeError } from '../errors.ts';
import { type AffinityPlan, planExecAffinity } from './affinity.ts';
import type { HostFacts } from './host-facts.ts';
import type { Plan } from './plan.ts';
import { lastOfEach, nameOf, type ProcessPlan, planProcess } from './process.ts';

/** Everything about the process that `exec` makes. */
export interface ExecPlan
  extends Pick<
    Plan,
    | 'id'
    | 'isRootless'
    | 'newKeyring'
    | 'preserveFds'
    | 'lastCapability'
    | 'ignoredSignals'
    | 'personality'
    | 'memoryPolicy'
    | 'seccomp'
  > {
  process: ProcessPlan;
  affinity: AffinityPlan;
  listenFds: number;
  warnings: string[];
}

/** What the command line says of the process. */
export interface ExecChoices {
  args: string[];
  cwd: string | undefined;
  env: string[];
  hasTerminal: boolean;
  user: string | undefined;
  additionalGids: string[];
  noNewPrivileges: boolean;
  capabilities: string[];
  selinuxLabel: string | undefined;
  apparmorProfile: string | undefined;
}

/**
 * The container's own process with what the command line says, as in runc: the variables, groups and capabilities are
 * added to its own.
 * @throws RuntimeError
 */
export function chosenProcess(base: Process | undefined, choices: ExecChoices): Process {
  const { args, env, additionalGids, capabilities } = choices;
  if (args.length === 0) throw new RuntimeError('there is no command to execute');
  for (const entry of env) {
    if (entry.indexOf('=') <= 0) throw new RuntimeError(`--env ${JSON.stringify(entry)} is not name=value`);
  }
  const { cwd } = choices;
  if (cwd !== undefined && !cwd.startsWith('/')) {
    throw new RuntimeError(`--cwd ${JSON.stringify(cwd)} is not an absolute path`);
  }
  const process: Process = { ...base, args, cwd: cwd ?? base?.cwd ?? '/', terminal: choices.hasTerminal };
  process.env = withVariables(base?.env ?? [], env);
  process.user = withGroups(userOf(choices.user, base?.user), additionalGids);
  if (capabilities.length > 0) process.capabilities = withCapabilities(base?.capabilities, capabilities);
  if (choices.noNewPrivileges) process.noNewPrivileges = true;
  if (choices.selinuxLabel !== undefined) process.selinuxLabel = choices.selinuxLabel;
  if (choices.apparmorProfile !== undefined) process.apparmorProfile = choices.apparmorProfile;
  return process;
}

// A variable that is set again takes the place of the first.
function withVariables(env: string[], more: string[]): string[] {
  const isSet = (entry: string) => more.some((other) => nameOf(other) === nameOf(entry));
  return more.length === 0 ? env : [...env.filter((entry) => !isSet(entry)), ...lastOfEach(more)];
}

function userOf(text: string | undefined, base: User = {}): User {
  if (text === undefined) return base;
  const [uid, gid, ...rest] = text.split(':');
  if (rest.length > 0) throw new RuntimeError(`--user ${JSON.stringify(text)} is not uid[:gid]`);
  return {
    ...base,
    uid: idOf('--user', uid),
    ...(gid !== undefined && { gid: idOf('--user', gid) }),
  };
}

function withGroups(user: User, more: string[]): User {
  if (more.length === 0) return user;
  const gids = more.map((gid) => idOf('--additional-gids', gid));
  return { ...user, additionalGids: [...(user.additionalGids ?? []), ...gids] };
}

const MAX_ID = 2 ** 32 - 2;

function idOf(option: string, text = ''): number {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (id <= MAX_ID) return id;
  const hint = 'names are not looked up';
  throw new RuntimeError(`${option}: ${JSON.stringify(text)} is not a number from 0 to ${MAX_ID}`, { hint });
}

function withCapabilities(base: Capabilities = {}, more: string[]): Capabilities {
  const { bounding = [], effective = [], permitted = [] } = base;
  return {
    ...base,
    bounding: [...bounding, ...more],
    effective: [...effective, ...more],
    permitted: [...permitted, ...more],
  };
}

/** What a process gets that doesn't say: the container process's. */
export interface ProcessDefaults {
  capabilities: Capabilities | undefined;
  rlimits: Rlimit[] | undefined;
}

export interface ExecPlanOptions
  extends Pick<ExecPlan, 'id' | 'newKeyring' | 'personality' | 'memoryPolicy' | 'seccomp'> {
  defaults: ProcessDefaults;
  preserveFds: number;
  listenFds: number;
}

/**
 * Decides everything about the process.
 * @param process a validated process
 */
export function planExec(process: Process, host: HostFacts, options: ExecPlanOptions): ExecPlan {
  const { id, newKeyring, personality, memoryPolicy, seccomp, defaults, preserveFds, listenFds } = options;
  const warnings: string[] = [];
  const capabilities = process.capabilities ?? defaults.capabilities;
  const rlimits = process.rlimits?.length ? process.rlimits : defaults.rlimits;
  const whole = { ...process, ...(capabilities && { capabilities }), ...(rlimits && { rlimits }) };
  // Its LISTEN_PID is known only to itself.
  const planned = planProcess({ ociVersion: '', process: whole }, host, { warnings, listenFds: 0 });
  // What the container process can't have either `create` has said.
  if (capabilities === defaults.capabilities) warnings.length = 0;
  if (planned === undefined) throw new Error('no process');
  if (listenFds > 0) planned.env.push(`LISTEN_FDS=${listenFds}`);
  return {
    id,
    isRootless: host.uid !== 0,
    newKeyring,
    personality,
    memoryPolicy,
    seccomp,
    preserveFds: listenFds + preserveFds,
    listenFds,
    lastCapability: host.lastCapability,
    ignoredSignals: host.ignoredSignals,
    process: planned,
    affinity: planExecAffinity(process.execCPUAffinity),
    warnings,
  };
}
