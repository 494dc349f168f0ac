// Runs hooks: programs of the bundle's maker at fixed moments of a container's life (config.md, "POSIX-platform Hooks").
import { readSync, writeSync } from 'node:fs';
import { close, dup3, memfdCreate, pollReadable, socketpair } from '../bindings/files.ts';
import { umask } from '../bindings/privileges.ts';
import {
  clone,
  execve,
  exitNow,
  kill,
  pidfdOpen,
  resetSignal,
  setSignalMask,
  setRlimit,
  wait,
} from '../bindings/process.ts';
import type { Hook, HookKind } from './bundle/config.ts';
import { RuntimeError, toRuntimeError, withStep } from './errors.ts';
import { receive, send } from './protocol.ts';
import { warn } from './log.ts';
import { type StateDocument, stateDocument } from './state/document.ts';
import type { ContainerRecord } from './state/store.ts';

/** A hook that failed: could not be started, ended badly, or took too long. */
export class HookError extends RuntimeError {
  override readonly name = 'HookError';
}

/** What a hook gets back that the engine changed for itself. */
export interface CallerSettings {
  ignoredSignals: number[];
  openFiles: { soft: bigint; hard: bigint };
  umask: number;
}

const RLIMIT_NOFILE = 7;
const SIGKILL = 9;

/**
 * Runs the hooks of one kind in their order, each with the container's state on its standard input.
 * They run in the namespaces of the calling process.
 * @throws HookError for the first that fails; those after it are not run
 */
export function runHooks(kind: HookKind, hooks: Hook[], state: StateDocument, settings: CallerSettings): void {
  hooks.forEach((hook, index) => {
    try {
      runHook(hook, state, settings);
    } catch (error) {
      throw withStep(`${hookLabel(kind, index)} (${hook.path})`, error);
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
      runHook(hook, state, settings);
    } catch (error) {
      const reason = toRuntimeError(error)?.oneLine ?? String(error);
      warn(`${hookLabel('poststop', index)} (${hook.path}): ${reason}`);
    }
  });
}

/** For errors: `hook /hooks/prestart/0`. */
export function hookLabel(kind: HookKind, index: number): string {
  return `hook /hooks/${kind}/${index}`;
}

function runHook(hook: Hook, state: StateDocument, settings: CallerSettings): void {
  const input = memfdCreate('state');
  const output = memfdCreate('output');
  const [parentEnd, childEnd] = socketpair();
  // At a position: the descriptor's own stays at the start, where the hook begins to read.
  writeSync(input, JSON.stringify(state), 0);
  try {
    const pid = clone(0);
    if (pid === 0) becomeHook(hook, { input, output, errors: childEnd }, settings);
    close(childEnd);
    const failure = receive(parentEnd);
    awaitHook(pid, hook, output, failure?.type === 'failed' ? failure.error.cause : undefined);
  } finally {
    for (const fd of [input, output, parentEnd]) close(fd);
  }
}

function becomeHook(
  hook: Hook,
  fds: { input: number; output: number; errors: number },
  settings: CallerSettings,
): never {
  try {
    dup3(fds.input, 0);
    dup3(fds.output, 1);
    dup3(fds.output, 2);
    for (const signal of settings.ignoredSignals) resetSignal(signal);
    setSignalMask(0n);
    umask(settings.umask);
    setRlimit(RLIMIT_NOFILE, settings.openFiles);
    execve(hook.path, hook.args?.length ? hook.args : [hook.path], hook.env ?? []);
  } catch (error) {
    const known = toRuntimeError(error) ?? new RuntimeError(String(error));
    send(fds.errors, { type: 'failed', error: known.toFields() });
  }
  exitNow(127);
}

/**
 * Waits for a hook's process, no longer than its timeout.
 * @param failure why it could not be started, if so
 * @throws HookError if it did not end well
 */
export function awaitHook(pid: number, hook: Hook, output: number, failure: string | undefined): void {
  const ended = waitFor(pid, hook.timeout === undefined ? -1 : hook.timeout * 1000);
  if (failure !== undefined) throw new HookError(failure);
  checkEnd(ended, hook, output);
}

function waitFor(pid: number, timeoutMs: number): ReturnType<typeof wait> {
  const pidfd = pidfdOpen(pid);
  if (pidfd === undefined) return wait(pid, { block: true });
  const [isOver] = pollReadable([pidfd], timeoutMs);
  close(pidfd);
  if (isOver === true) return wait(pid, { block: true });
  kill(pid, SIGKILL);
  wait(pid, { block: true });
  return undefined;
}

function checkEnd(ended: ReturnType<typeof wait>, hook: Hook, output: number): void {
  if (ended === undefined) throw new HookError(`took longer than its timeout of ${hook.timeout} s, killed`);
  if (ended.code === 0) return;
  const how = ended.signal === 0 ? `exit status ${ended.code}` : `killed by signal ${ended.signal}`;
  const said = lastLines(output);
  throw new HookError(said === '' ? how : `${how}: ${said}`);
}

const MAX_OUTPUT = 512;

function lastLines(fd: number): string {
  const buffer = Buffer.alloc(65536);
  const length = readSync(fd, buffer, 0, buffer.length, 0);
  const text = buffer.toString('utf8', 0, length).trim();
  return text.length > MAX_OUTPUT ? `…${text.slice(-MAX_OUTPUT)}` : text;
}
