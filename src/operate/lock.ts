// The lock of a container: on its folder, held by every command that changes its state.
import { closeSync, fstatSync, statSync } from 'node:fs';
import { LOCK_EX } from '../../bindings/constants.ts';
import { flock } from '../../bindings/files.ts';
import { errnoOf } from '../errors.ts';
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

function isStillThere(fd: number, folder: string): boolean {
  try {
    return fstatSync(fd).ino === statSync(folder).ino;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
