// `start`: lets a created container's process become the user's program.
import { closeSync } from '../../bindings/file-system.ts';
import { pollReadable } from '../../bindings/files.ts';
import { HookError, RuntimeError, StateError } from '../errors.ts';
import { callerSettings, runHooks, runStartContainerHooks } from '../hooks.ts';
import { stateDocument } from '../state/document.ts';
import { checkId } from '../state/id.ts';
import { lifeOf, statusOf } from '../state/status.ts';
import { type ContainerRecord, folderOf, hasHooks, loadRecord } from '../state/store.ts';
import { destroy } from './delete.ts';
import { lockFolder } from './lock.ts';
import type { NotifyProxy } from './notify.ts';
import { release } from './release.ts';

/** The command: opens and locks the container, then starts it. */
export async function start(root: string, id: string): Promise<void> {
  checkId(id);
  const folderFd = lockFolder(root, id);
  const record = loadRecord(root, id);
  const released = Number(process.env.RUNTS_RELEASED ?? 0);
  if (released > 0) {
    // The launcher has begun to start it, and something has gone another way than usual.
    release(root, record, released);
    return;
  }
  const notify = await startLocked({ root, record, folderFd });
  closeSync(folderFd);
  notify?.follow();
}

export interface LockedContainer {
  root: string;
  record: ContainerRecord;
  folderFd: number;
}

async function startLocked(container: LockedContainer): Promise<NotifyProxy | undefined> {
  const status = statusOf(container.root, container.record);
  if (status !== 'created') throw new StateError(`cannot start a container that is ${status}: it has to be created`);
  return startCreated(container);
}

/**
 * Starts a container that is created, and whose lock is held.
 * @param released as of `release`
 * @returns what the container tells its caller's service manager, if there is one
 * @throws RuntimeError if its process has ended or the user's program can't be executed; HookError, and the container is
 * destroyed then (runtime.md, lifecycle steps 7 and 9)
 */
export async function startCreated(container: LockedContainer, released?: number): Promise<NotifyProxy | undefined> {
  const { root, record } = container;
  if (record.executable === undefined) throw new RuntimeError('/process is not set in config.json: nothing to start');
  try {
    if (hasHooks(record, 'startContainer')) runStartContainerHooks(root, record, callerSettings());
    const notify = await notifyProxy(container);
    release(root, record, released);
    if (hasHooks(record, 'poststart')) {
      giveItsTurn(record.pid);
      runHooks('poststart', record.hooks.poststart ?? [], stateDocument(record, 'running'), callerSettings());
    }
    return notify;
  } catch (error) {
    if (error instanceof HookError) await destroy(container);
    throw error;
  }
}

const TURN_MS = 100;

// config.md, Poststart: the hooks are called after the user's program is executed. Others see that by what the program
// does first, which a hook would be ahead of every sixth time: so it runs until it waits for something, for a while.
function giveItsTurn(pid: number): void {
  for (let ms = 0; ms < TURN_MS && lifeOf(pid)?.isBusy === true; ms++) pollReadable([], 1);
}

async function notifyProxy({ root, record }: LockedContainer): Promise<NotifyProxy | undefined> {
  const socket = process.env.NOTIFY_SOCKET;
  if (!record.notifies || !socket) return undefined;
  const { NotifyProxy } = await import('./notify.ts');
  return new NotifyProxy(folderOf(root, record.id), record.pid, socket);
}
