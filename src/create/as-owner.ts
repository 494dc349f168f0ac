// Making files in a file system that was mounted in a user namespace, from outside.
import { setFileIds } from '../../bindings/privileges.ts';
import { errnoOf } from '../errors.ts';

/** Owner of what is made: the container's root as the host sees it. */
export interface Owner {
  uid: number;
  gid: number;
}

export const ROOT: Owner = { uid: 0, gid: 0 };

/**
 * Makes an entry of a folder. The host's root has no id in a file system of a user namespace, which therefore refuses
 * its files (EOVERFLOW): they're made as the container's root then.
 */
export function makeAs<T>(owner: Owner, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (errnoOf(error) !== 'EOVERFLOW' || owner.uid === 0) throw error;
  }
  setFileIds(owner.uid, owner.gid);
  try {
    return make();
  } finally {
    setFileIds(0, 0);
  }
}
