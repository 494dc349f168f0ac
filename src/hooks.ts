// Runs hooks: programs of the bundle's maker at fixed moments of a container's life (config.md, "POSIX-platform Hooks").

import { errnoName, O_PATH, SIGKILL } from '../bindings/constants.ts';
import { closeSync, existsSync, openSync, readlinkSync, readSync, writeSync } from '../bindings/file-system.ts';
import { close, memfdCreate, pollReadable, socketpair } from '../bindings/files.ts';
import { kill, pidfdOpen, wait } from '../bindings/process.ts';
import { fstatSync } from '../bindings/stat.ts';
import { type Hook, type HookKind, NAMESPACE_TYPES } from './bundle/config.ts';
import { readHostFacts } from './create/host.ts';
import { HookError, toRuntimeError, withStep } from './errors.ts';
import type { Script } from './final/script.ts';
import { stepError } from './final/steps.ts';
import { type CallerSettings, type ContainerPlace, hookScript } from './init/hook.ts';
import { warn } from './log.ts';
import { NAMESPACE_FILE, NAMESPACE_FLAG } from './plan/namespaces.ts';
import { receive } from './protocol.ts';
import { spawnScript } from './spawn.ts';
import { type StateDocument, stateDocument } from './state/document.ts';
import { isOfLauncher } from './state/launcher-variables.ts';
import { loadPlan } from './state/plan-file.ts';
import type { ContainerRecord } from './state/store.ts';

/** What hooks get from this process's caller. */
export function callerSettings(): CallerSettings {
  return readHostFacts();
}

/**
 * Runs the hooks of one kind in their order in the runtime's namespaces, each with the container's state on its
 * standard input.
 * @throws HookError for the first that fails; those after it are not run
 */
export function runHooks(kind: HookKind, hooks: Hook[], state: StateDocument, settings: CallerSettings): void {
  forEachHook(kind, hooks, (hook) => runHook(hook, state, settings, undefined));
}

/**
 * Runs the createContainer hooks: programs of the host's, with the runtime's rights, in the container's namespaces and
 * cgroup.
 * @throws HookError
 */
export function runCreateContainerHooks(record: ContainerRecord, state: StateDocument, settings: CallerSettings): void {
  runContainerHooks('createContainer', { record, state, settings, open: () => openPlace(record) });
}

/**
 * Runs the startContainer hooks: programs of the container's, with its root and with all that holds for the container
 * process (runtime.md, lifecycle step 6: "in the container"), which waits meanwhile.
 * @throws HookError
 */
export function runStartContainerHooks(root: string, record: ContainerRecord, settings: CallerSettings): void {
  const state = stateDocument(record, 'created');
  const plan = loadPlan(root, record.id);
  // The working directory is the one that was checked to be in the container.
  const likeProcess = () => ({ plan, cwdFd: openSync(`/proc/${record.pid}/cwd`, O_PATH) });
  const open = () => ({ ...openPlace(record), likeProcess: likeProcess() });
  runContainerHooks('startContainer', { record, state, settings, open });
}

interface ContainerHooks {
  record: ContainerRecord;
  state: StateDocument;
  settings: CallerSettings;
  open: () => ContainerPlace;
}

function runContainerHooks(
  kind: 'createContainer' | 'startContainer',
  { record, state, settings, open }: ContainerHooks,
): void {
  const inside = { ...state, pid: record.containerPid };
  forEachHook(kind, record.hooks[kind] ?? [], (hook) => {
    const place = open();
    try {
      runHook(hook, inside, settings, place);
    } finally {
      for (const fd of placeDescriptors(place)) closeSync(fd);
    }
  });
}

/**
 * Runs the poststop hooks, after everything else of the container is gone. A failure is a warning, and the rest still
 * run (runtime.md, lifecycle step 13).
 */
export function runPoststopHooks(record: ContainerRecord, settings: CallerSettings): void {
  const state = stateDocument(record, 'stopped');
  (record.hooks.poststop ?? []).forEach((hook, index) => {
    try {
      runHook(hook, state, settings, undefined);
    } catch (error) {
      const reason = toRuntimeError(error)?.oneLine ?? String(error);
      warn(`${hookLabel('poststop', index)} (${hook.path}): ${reason}`);
    }
  });
}

function forEachHook(kind: HookKind, hooks: Hook[], run: (hook: Hook) => void): void {
  hooks.forEach((hook, index) => {
    try {
      run(hook);
    } catch (error) {
      throw withStep(`${hookLabel(kind, index)} (${hook.path})`, error);
    }
  });
}

/** For errors: `hook /hooks/prestart/0`. */
export function hookLabel(kind: HookKind, index: number): string {
  return `hook /hooks/${kind}/${index}`;
}

function runHook(hook: Hook, state: StateDocument, settings: CallerSettings, place: ContainerPlace | undefined): void {
  const inputFd = memfdCreate('state');
  const outputFd = memfdCreate('output');
  const [parentFd, syncFd] = socketpair();
  try {
    // At a position: the descriptor's own stays at the start, where the hook begins to read.
    writeSync(inputFd, new TextEncoder().encode(JSON.stringify(state)), 0, undefined, 0);
    const parts = { hook, container: place, settings, bundle: state.bundle, environment: environmentOf(hook, place) };
    const script = hookScript({ ...parts, syncFd, inputFd, outputFd });
    const placeFds = place === undefined ? [] : placeDescriptors(place);
    const inherit = [syncFd, inputFd, outputFd, ...placeFds];
    const starterPid = spawnScript(script, { name: 'runts-hook', inherit, firstOwn: 3 });
    close(syncFd);
    const pid = place === undefined ? starterPid : awaitPid(parentFd, script, starterPid);
    awaitHook({ pid, hook, outputFd, failure: readFailure(parentFd, script) });
  } finally {
    for (const fd of [inputFd, outputFd, parentFd]) close(fd);
  }
}

// Without `env` it's the caller's, as in runc and crun; for a program of the image, who must not get that, the container
// process's.
function environmentOf({ env }: Hook, place: ContainerPlace | undefined): string[] {
  if (env !== undefined) return env;
  if (place?.likeProcess !== undefined) return place.likeProcess.plan.process?.env ?? [];
  const own = Object.entries(process.env).filter(([name]) => !isOfLauncher(name));
  return own.map(([name, value]) => `${name}=${value}`);
}

function placeDescriptors({ namespaces, cgroupFd, rootFd, likeProcess }: ContainerPlace): number[] {
  const others = [cgroupFd, rootFd, likeProcess?.cwdFd].filter((fd) => fd !== undefined);
  return [...namespaces.map(({ fd }) => fd), ...others];
}

// The container's namespaces; those that the runtime is in too are left out: joining one's own user namespace is an
// error, setns(2). The user namespace comes last: the others are joined with the rights of the runtime;
// but first for a user without privileges, who gets rights there.
function openPlace({ pid, cgroups }: ContainerRecord): ContainerPlace {
  const others = NAMESPACE_TYPES.filter((type) => type !== 'user');
  const types = process.getuid?.() === 0 ? [...others, 'user' as const] : ['user' as const, ...others];
  const namespaces = types.flatMap((type) => {
    const path = `/proc/${pid}/ns/${NAMESPACE_FILE[type]}`;
    const isSame = readlinkSync(path) === readlinkSync(`/proc/self/ns/${NAMESPACE_FILE[type]}`);
    return isSame ? [] : [{ fd: openSync(path, 'r'), flag: NAMESPACE_FLAG[type] }];
  });
  const isV1 = (directory: string) => existsSync(`${directory}/tasks`);
  const v2 = cgroups.find(({ directory }) => !isV1(directory));
  return {
    namespaces,
    v1Cgroups: cgroups.map(({ directory }) => directory).filter(isV1),
    cgroupFd: v2 && openSync(v2.directory, 'r'),
    rootFd: openSync(`/proc/${pid}/root`, O_PATH),
    likeProcess: undefined,
  };
}

// The new process may fail before the one that made it tells its pid. It must be waited for all the same: as long as it
// isn't, the first process of its pid namespace can't end, pid_namespaces(7).
function awaitPid(parentFd: number, script: Script, starterPid: number): number {
  let failure: HookError | undefined;
  for (;;) {
    const message = receive(parentFd, script);
    if (message?.kind === 'failure') failure = asHookError(script, message);
    if (message !== undefined && message.kind !== 'event') continue;
    wait(starterPid, { block: true });
    if (message !== undefined && failure === undefined) return message.pid;
    if (message !== undefined) wait(message.pid, { block: true });
    throw failure ?? new HookError('the process that enters the container has died');
  }
}

// Nothing to read: execve has closed the socket.
function readFailure(parentFd: number, script: Script): HookError | undefined {
  const message = receive(parentFd, script);
  return message?.kind === 'failure' ? asHookError(script, message) : undefined;
}

function asHookError(script: Script, { step, errno }: { step: number; errno: number }): HookError {
  return new HookError(stepError(script, step, errnoName(errno)).oneLine);
}

interface RunningHook {
  pid: number;
  hook: Hook;
  outputFd: number;
  /** Why it could not be executed, if so. */
  failure: HookError | undefined;
}

function awaitHook({ pid, hook, outputFd, failure }: RunningHook): void {
  const ended = waitFor(pid, hook.timeout === undefined ? -1 : hook.timeout * 1000);
  if (failure !== undefined) throw failure;
  if (ended === undefined) throw new HookError(`took longer than its timeout of ${hook.timeout} s, killed`);
  if (ended.code === 0) return;
  const how = ended.signal === 0 ? `exit status ${ended.code}` : `killed by signal ${ended.signal}`;
  const said = lastWords(outputFd);
  throw new HookError(said === '' ? how : `${how}: ${said}`);
}

// undefined: the time was over.
function waitFor(pid: number, timeoutMs: number): ReturnType<typeof wait> {
  const pidfd = pidfdOpen(pid);
  if (pidfd === undefined) return wait(pid, { block: true });
  const isOver = becomesReadable(pidfd, timeoutMs);
  close(pidfd);
  if (!isOver) kill(pid, SIGKILL);
  const ended = wait(pid, { block: true });
  return isOver ? ended : undefined;
}

// ppoll(2) ends early when a signal comes.
function becomesReadable(fd: number, timeoutMs: number): boolean {
  const end = timeoutMs < 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  for (;;) {
    const rest = end - performance.now();
    const [isReadable = false] = pollReadable([fd], Number.isFinite(rest) ? Math.max(rest, 0) : -1);
    if (isReadable || rest <= 0) return isReadable;
  }
}

const MAX_WORDS = 512;

function lastWords(fd: number): string {
  const buffer = Buffer.alloc(4 * MAX_WORDS);
  const start = Math.max(fstatSync(fd).size - buffer.length, 0);
  const text = buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, start)).trim();
  return text.length > MAX_WORDS ? `…${text.slice(-MAX_WORDS)}` : text;
}
