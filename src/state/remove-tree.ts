// Removes the one folder of the state that a container sees: one with the rights for it can have put anything in there.
import * as K from '../../bindings/constants.ts';
import { closeSync, openSync, readFileSync, renameSync, rmdirSync, unlinkSync } from '../../bindings/file-system.ts';
import { readdirSync } from '../../bindings/stat.ts';
import { errnoOf } from '../errors.ts';

/**
 * Removes a folder with all that's in it, however deep. No link is followed.
 * @throws SyscallError
 */
export function removeTree(path: string): void {
  const top = openFolder(path);
  try {
    const at = `/proc/self/fd/${top}`;
    for (let names = readdirSync(at); names.length > 0; names = readdirSync(at)) {
      for (const name of names) if (!isRemoved(`${at}/${name}`)) lift(at, name);
    }
  } finally {
    closeSync(top);
  }
  rmdirSync(path);
}

function openFolder(path: string): number {
  return openSync(path, K.O_RDONLY | K.O_DIRECTORY | K.O_NOFOLLOW);
}

// Moves the full folders in a folder up: so two descriptors are enough.
function lift(top: string, name: string): void {
  const folder = openFolder(`${top}/${name}`);
  try {
    const at = `/proc/self/fd/${folder}`;
    for (const child of readdirSync(at)) {
      if (!isRemoved(`${at}/${child}`)) renameSync(`${at}/${child}`, `${top}/${newName()}`);
    }
  } finally {
    closeSync(folder);
  }
}

// The kernel's: the engine's own random numbers are the same in all processes that go on with a kept engine.
function newName(): string {
  return readFileSync('/proc/sys/kernel/random/uuid', 'latin1').trim();
}

function isRemoved(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EISDIR') throw error;
  }
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'ENOTEMPTY') throw error;
    return false;
  }
}
