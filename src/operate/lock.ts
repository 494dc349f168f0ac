// The lock of a container: on its folder, held by every command that changes its state.

import { LOCK_EX, LOCK_NB, LOCK_UN } from '../../bindings/constants.ts';
import { closeSync, readFileSync } from '../../bindings/file-system.ts';
import { flock, pollReadable } from '../../bindings/files.ts';
import { fstatSync, statSync } from '../../bindings/stat.ts';
import { errnoOf, RuntimeError } from '../errors.ts';
import { folderOf, openFolder } from '../state/store.ts';

/**
 * Opens and locks a container's folder; waits for others. A folder that was removed meanwhile, and perhaps made anew for
 * another container of the same id, is not the one that was waited for.
 * @returns the folder's descriptor
 * @throws StateError if there's no such container
 */
export function lockFolder(root: string, id: string): number {
  for (;;) {
    const fd = openFolder(root, id);
    flock(fd, LOCK_EX);
    if (isStillThere(fd, folderOf(root, id))) return fd;
    closeSync(fd);
  }
}

// Hooks may take long, but a command that ends the container can't wait for ever.
const PATIENCE_MS = 10_000;
const WAIT_MS = 10;

/**
 * The same, but doesn't wait for ever.
 * @param meanwhile called again and again while another command holds the lock; gets the milliseconds waited so far, and
 *   the pid of the process that holds it, if that's known
 * @param patienceMs how long to wait
 * @throws RuntimeError that names the process which holds it
 */
export function lockFolderSoon(
  root: string,
  id: string,
  meanwhile: (waitedMs: number, holder: number | undefined) => void,
  patienceMs = PATIENCE_MS,
): number {
  const start = performance.now();
  for (;;) {
    const fd = openFolder(root, id);
    const isLocked = tryLock(fd);
    if (isLocked && isStillThere(fd, folderOf(root, id))) return fd;
    const holder = isLocked ? undefined : holderOf(fd);
    closeSync(fd);
    if (isLocked) continue;
    const waited = performance.now() - start;
    if (waited > patienceMs) throw heldBy(holder);
    meanwhile(waited, holder);
    pollReadable([], WAIT_MS);
  }
}

function tryLock(fd: number): boolean {
  try {
    flock(fd, LOCK_EX | LOCK_NB);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN') return false;
    throw error;
  }
}

// proc_locks(5): "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF"; the inode is the last part of the sixth field.
function holderOf(fd: number): number | undefined {
  const inode = `:${fstatSync(fd).ino}`;
  const lines = readFileSync('/proc/locks', 'latin1').split('\n');
  const fields = lines.map((line) => line.split(/\s+/));
  const found = fields.find(([, kind, , , , place]) => kind === 'FLOCK' && place?.endsWith(inode));
  return found === undefined ? undefined : Number(found[4]);
}

function heldBy(pid: number | undefined): RuntimeError {
  const who = pid === undefined ? 'another command' : `process ${pid}`;
  const hint = 'perhaps it waits for a hook: end it first';
  return new RuntimeError(`${who} is still working on the container`, { hint });
}

/** Lets others work on the container, for as long as nothing is changed here. */
export function unlock(folderFd: number): void {
  flock(folderFd, LOCK_UN);
}

/** Locks it again. Returns false if the container was deleted meanwhile. */
export function lockAgain(root: string, id: string, folderFd: number): boolean {
  flock(folderFd, LOCK_EX);
  return isStillThere(folderFd, folderOf(root, id));
}

function isStillThere(fd: number, folder: string): boolean {
  try {
    return fstatSync(fd).ino === statSync(folder).ino;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
