// Standard streams that are pipes belong to the user of the process, as in runc: programs open /dev/stderr by its name.
// Other files are the caller's and stay as they are.
import { existsSync, fchownSync, readFileSync } from '../../bindings/file-system.ts';
import { fstatSync } from '../../bindings/stat.ts';
import { toRuntimeError } from '../errors.ts';
import { debug } from '../log.ts';
import { hostIdOf } from './id-maps.ts';

/**
 * Gives the pipes among the standard streams to a user.
 * @param pid a process of the container
 * @param uid as the container has it
 */
export function givePipes(pid: number, uid: number): void {
  const owner = pipeOwner(pid, uid);
  if (owner === undefined) return;
  for (const fd of [0, 1, 2]) {
    try {
      const stat = fstatSync(fd);
      if (stat.isFIFO() && stat.uid !== owner) fchownSync(fd, owner, -1);
    } catch (error) {
      // Closed, or somebody else's: then the process has to do with what it got.
      const known = toRuntimeError(error);
      if (known === undefined) throw error;
      debug(() => `standard stream ${fd}: ${known.oneLine}`);
    }
  }
}

/** Whom they are given to, a uid of the host's: nobody if the process has ended, or the user isn't mapped. */
export function pipeOwner(pid: number, uid: number): number | undefined {
  const map = `/proc/${pid}/uid_map`;
  return existsSync(map) ? hostIdOf(readFileSync(map, 'latin1'), uid) : undefined;
}
