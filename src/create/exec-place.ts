// Where `exec` goes: what of a running container has to be opened before its process can be joined.

import { O_PATH } from '../../bindings/constants.ts';
import { closeSync, openSync, readlinkSync } from '../../bindings/file-system.ts';
import { pidfdOpen } from '../../bindings/process.ts';
import { NAMESPACE_TYPES } from '../bundle/config.ts';
import { errnoOf, StateError, step } from '../errors.ts';
import type { RunningContainer } from '../init/exec.ts';
import { NAMESPACE_FILE, NAMESPACE_FLAG } from '../plan/namespaces.ts';
import { hasEnded } from '../state/status.ts';
import type { ContainerRecord } from '../state/store.ts';

export interface ExecPlace extends RunningContainer {
  /** The v2 cgroup's folder. */
  v2Cgroup: string | undefined;
  close(): void;
}

/** The wording is what managers look for. */
export function stoppedError(): StateError {
  return new StateError('cannot exec in a stopped container');
}

/**
 * Opens the place.
 * @param directories the cgroup to join in each hierarchy, in the order of the record's
 * @throws StateError if the container process has ended
 */
export function openPlace(record: ContainerRecord, directories: string[]): ExecPlace {
  const { pid, rootfsMount } = record;
  const pidfd = pidfdOpen(pid);
  if (pidfd === undefined) throw stoppedError();
  const opened = [pidfd];
  const close = () => {
    for (const fd of opened) closeSync(fd);
  };
  try {
    // Looked at after the pidfd was opened: so it can't be another process with the same pid.
    if (hasEnded(record)) throw stoppedError();
    const namespaceFlags = foreignNamespaces(pid);
    const open = (path: string, flags: number | string) => {
      const fd = step(`open ${path}`, () => openSync(path, flags));
      opened.push(fd);
      return fd;
    };
    const rootFd = rootfsMount === undefined ? undefined : open(`/proc/${pid}/root`, O_PATH);
    const isV2 = (_: string, index: number) => record.cgroups[index]?.freezer === 'cgroup.freeze';
    const v1Cgroups = directories.filter((directory, index) => !isV2(directory, index));
    const v2Cgroup = directories.find(isV2);
    const cgroupFd = v2Cgroup === undefined ? undefined : open(v2Cgroup, 'r');
    const resctrlTasks = record.resctrl?.tasks ?? [];
    return { resctrlTasks, pidfd, namespaceFlags, rootFd, v1Cgroups, cgroupFd, v2Cgroup, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Whether a process has another user namespace than the runtime. One that has ended has none. */
export function isInUserNamespace(pid: number): boolean {
  const theirs = namespaceOf(pid, NAMESPACE_FILE.user);
  return theirs !== undefined && theirs !== namespaceOf('self', NAMESPACE_FILE.user);
}

// Those that the runtime is in itself are left out: joining one's own user namespace is an error, setns(2).
function foreignNamespaces(pid: number): number {
  let flags = 0;
  for (const type of NAMESPACE_TYPES) {
    const theirs = namespaceOf(pid, NAMESPACE_FILE[type]);
    if (theirs !== undefined && theirs !== namespaceOf('self', NAMESPACE_FILE[type])) flags |= NAMESPACE_FLAG[type];
  }
  return flags;
}

/** Which namespace of a kind a process is in; undefined on a kernel that lacks the kind. */
export function namespaceOf(pid: number | 'self', file: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${file}`);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
