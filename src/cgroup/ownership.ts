// Gives a container's v2 cgroup to the user who executes the container process (config-linux.md, "Cgroup ownership").
import { AT_FDCWD } from '../../bindings/constants.ts';
import { readFileSync } from '../../bindings/file-system.ts';
import { fchownat } from '../../bindings/files.ts';
import { errnoOf, step } from '../errors.ts';

const DELEGATE = '/sys/kernel/cgroup/delegate';
const FALLBACK = ['cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads'];

/**
 * Changes the owner of the folder and of those files in it that may be delegated, cgroups(7). A runtime without the right
 * to give files away leaves them as they are: the specification says MAY.
 * @param list the kernel's list of those files
 */
export function changeOwner(directory: string, uid: number, list = DELEGATE): void {
  step(`give cgroup ${directory} to uid ${uid}`, () => {
    if (!mayGiveAway(directory, uid)) return;
    for (const file of delegatedFiles(list)) {
      try {
        fchownat(AT_FDCWD, `${directory}/${file}`, uid, -1);
      } catch (error) {
        // "not all files listed necessarily exist in every cgroup"
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
    }
  });
}

function mayGiveAway(directory: string, uid: number): boolean {
  try {
    fchownat(AT_FDCWD, directory, uid, -1);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EPERM') return false;
    throw error;
  }
}

function delegatedFiles(list: string): string[] {
  try {
    // Names only: a list that somebody else wrote must not lead out of the folder.
    return readFileSync(list, 'latin1')
      .split('\n')
      .filter((name) => /^[\w.-]+$/.test(name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return FALLBACK;
    throw error;
  }
}
