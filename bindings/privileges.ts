// Identity of this process.
import * as K from './constants.ts';
import { syscall } from './syscall.ts';

/** umask(2). Returns the former mask. */
export function umask(mask: number): number {
  return syscall('umask', undefined, mask);
}

/** prctl(PR_SET_CHILD_SUBREAPER): orphaned descendants become children of this process. */
export function becomeSubreaper(): void {
  syscall('prctl', undefined, K.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}
