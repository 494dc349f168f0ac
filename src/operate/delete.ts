// `delete`: takes a container away, with everything that `create` made for it.

import { SIGKILL } from '../../bindings/constants.ts';
import { closeSync } from '../../bindings/file-system.ts';
import { pollReadable } from '../../bindings/files.ts';
import { kill, pidfdOpen, pidfdSendSignal, wait } from '../../bindings/process.ts';
import { removeCgroup } from '../cgroup/cgroup.ts';
import { ownFolders, thaw } from '../cgroup/processes.ts';
import { unmountRootfs } from '../create/rootfs-mount.ts';
import { RuntimeError, StateError, step } from '../errors.ts';
import { callerSettings, runPoststopHooks } from '../hooks.ts';
import { warn } from '../log.ts';
import { checkId } from '../state/id.ts';
import { isFrozen, startTimeOf, statusOf } from '../state/status.ts';
import {
  type ContainerRecord,
  DamagedRecordError,
  folderOf,
  hasHooks,
  loadRecord,
  ROOTFS_FOLDER,
  removeFolder,
} from '../state/store.ts';
import { processesOf } from './container-processes.ts';
import { endHooksOf } from './hung-hooks.ts';
import { lockFolder, lockFolderSoon } from './lock.ts';
import type { LockedContainer } from './start.ts';

/**
 * The command.
 * @param isForced a container that still runs is killed; one that does not exist is no error
 */
export async function deleteContainer(root: string, id: string, { isForced }: { isForced: boolean }): Promise<void> {
  checkId(id);
  const folderFd = open(root, id, isForced);
  if (folderFd === undefined) return;
  const record = load(root, id, isForced);
  if (record === undefined) {
    removeWithoutRecord(root, id, folderFd);
    return;
  }
  const status = statusOf(root, record);
  if (status !== 'stopped' && !isForced) {
    closeSync(folderFd);
    const hint = 'kill it first, or use `delete --force`';
    throw new StateError(`cannot delete container that is not stopped: it is ${status}`, { hint });
  }
  await destroy({ root, record, folderFd });
}

function open(root: string, id: string, isForced: boolean): number | undefined {
  try {
    return isForced ? lockFolderSoon(root, id, (...wait) => hurry(root, id, ...wait)) : lockFolder(root, id);
  } catch (error) {
    if (isForced && error instanceof StateError) return undefined;
    throw error;
  }
}

const GRACE_MS = 300;
const HOOK_GRACE_MS = 2000;

// Another command works on the container. Without the container process most have nothing left to wait for, and what
// remains is a hook.
function hurry(root: string, id: string, waitedMs: number, holder: number | undefined): void {
  if (waitedMs < GRACE_MS) return;
  if (waitedMs > HOOK_GRACE_MS && holder !== undefined) endHooksOf(holder);
  const record = peek(root, id);
  const pidfd = record && openInit(record);
  if (record === undefined || pidfd === undefined) return;
  pidfdSendSignal(pidfd, SIGKILL);
  thaw(record.cgroups);
  closeSync(pidfd);
}

function peek(root: string, id: string): ContainerRecord | undefined {
  try {
    return loadRecord(root, id);
  } catch {
    // Its turn comes when the lock is there.
    return undefined;
  }
}

// A folder without a record is what a `create` leaves that was killed before it had made anything else.
function load(root: string, id: string, isForced: boolean): ContainerRecord | undefined {
  try {
    return loadRecord(root, id);
  } catch (error) {
    const isDamaged = error instanceof DamagedRecordError;
    if (!isForced || !(isDamaged || error instanceof StateError)) throw error;
    if (isDamaged) warn(`${error.reason}: ${LEFT}`);
    return undefined;
  }
}

const LEFT = 'what still runs in the container, its cgroups and mounts elsewhere are not known any more, and left';

function removeWithoutRecord(root: string, id: string, folderFd: number): void {
  unmountRootfs({ path: `${folderOf(root, id)}/${ROOTFS_FOLDER}` });
  removeFolder(root, id, folderFd);
}

/** Ends the container's processes and removes all that is left of it; then the poststop hooks run. */
export async function destroy({ root, record, folderFd }: LockedContainer): Promise<void> {
  step('end the container process', () => endInit(record));
  if (record.scope === undefined) removeCgroup(record.cgroups);
  else {
    const { removeScope } = await import('../cgroup/systemd-driver.ts');
    removeScope(record.scope, record.cgroups, warn);
  }
  if (record.resctrl !== undefined) {
    const { removeGroups } = await import('../create/intel-rdt.ts');
    removeGroups(record.resctrl.own);
  }
  if (record.rootfsMount !== undefined) unmountRootfs(record.rootfsMount);
  removeFolder(root, record.id, folderFd);
  if (hasHooks(record, 'poststop')) runPoststopHooks(record, callerSettings());
}

// A process that is being killed may be held up, by a core dump or a file system that does not answer.
const PATIENCE_MS = 10_000;
const LOOK_MS = 100;

function endInit(record: ContainerRecord): void {
  const { pid, cgroups } = record;
  const pidfd = openInit(record);
  if (pidfd !== undefined) {
    // In a cgroup that isn't its own nobody finds the others any more when it's gone.
    if (ownFolders(cgroups).length === 0) for (const other of processesOf(record)) kill(other, SIGKILL);
    pidfdSendSignal(pidfd, SIGKILL);
    thaw(cgroups);
    const isOver = awaitEnd(pidfd, record);
    closeSync(pidfd);
    if (!isOver) throw notEnding(record);
  }
  // Only a foreground `run` is its parent; for others there is nothing to wait for.
  if (pid !== 0) wait(pid, { block: false });
}

// It may be over without ending: startTimeOf.
function awaitEnd(pidfd: number, { pid, startTime }: ContainerRecord): boolean {
  for (let rest = PATIENCE_MS; rest > 0; rest -= LOOK_MS) {
    if (pollReadable([pidfd], LOOK_MS)[0] === true || startTimeOf(pid) !== startTime) return true;
  }
  return false;
}

// The start time is looked at after the pidfd was opened: what it refers to can't change any more.
function openInit({ pid, startTime }: ContainerRecord): number | undefined {
  const pidfd = pid === 0 ? undefined : pidfdOpen(pid);
  if (pidfd === undefined || startTimeOf(pid) === startTime) return pidfd;
  closeSync(pidfd);
  return undefined;
}

function notEnding(record: ContainerRecord): RuntimeError {
  const hint = 'its cgroup is frozen, and not by this container alone: thaw it first';
  return new RuntimeError(`process ${record.pid} does not end`, isFrozen(record) ? { hint } : {});
}
