// Identity of this process.
import * as K from './constants.ts';
import { syscall } from './syscall.ts';

/** umask(2). Returns the former mask. */
export function umask(mask: number): number {
  return syscall('umask', undefined, mask);
}

/**
 * setfsgid(2), setfsuid(2): the ids that files are accessed with. Any but root's take the file capabilities away for
 * that time, capabilities(7). The calls tell nothing but the former id: a refusal goes unnoticed.
 */
export function setFileIds(uid: number, gid: number): void {
  // The group first and, on the way back, with capabilities regained: root may always change it.
  if (uid === 0) syscall('setfsuid', undefined, uid);
  syscall('setfsgid', undefined, gid);
  if (uid !== 0) syscall('setfsuid', undefined, uid);
}

/** prctl(PR_SET_CHILD_SUBREAPER): orphaned descendants become children of this process. */
export function becomeSubreaper(): void {
  syscall('prctl', undefined, K.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}
