// Identity of a process: ids, session, host names.
import * as K from './constants.ts';
import { cString, syscall, trySyscall } from './syscall.ts';

/** setresgid(2) and setresuid(2) to 0, as a process new in a user namespace does; groups are left behind if possible. */
export function becomeRoot(): void {
  syscall('setresgid', undefined, 0, 0, 0);
  syscall('setresuid', undefined, 0, 0, 0);
  // Refused where setgroups is denied, user_namespaces(7); then there is nothing to leave behind.
  trySyscall('setgroups', 0, null);
}

export interface UserIds {
  uid: number;
  gid: number;
  additionalGids: number[];
}

/**
 * Runs an action with the file access rights of a user (effective ids and groups), then becomes root again.
 * setresuid(2): the real and saved ids stay, so that the way back is open. Takes the parent-death signal away.
 */
export function asUser<T>({ uid, gid, additionalGids }: UserIds, action: () => T): T {
  const groups = Uint32Array.from(additionalGids);
  syscall('setgroups', undefined, groups.length, new Uint8Array(groups.buffer));
  syscall('setresgid', undefined, -1, gid, -1);
  syscall('setresuid', undefined, -1, uid, -1);
  try {
    return action();
  } finally {
    syscall('setresuid', undefined, -1, 0, -1);
    syscall('setresgid', undefined, -1, 0, -1);
    syscall('setgroups', undefined, 0, null);
  }
}

/** setsid(2). A session leader already (EPERM) is not an error. */
export function setsid(): void {
  const result = trySyscall('setsid');
  if (result < 0 && result !== -1) throw new Error(`setsid: ${result}`);
}

/** umask(2). Returns the former mask. */
export function umask(mask: number): number {
  return syscall('umask', undefined, mask);
}

/** sethostname(2). */
export function sethostname(name: string): void {
  const bytes = cString(name);
  syscall('sethostname', name, bytes, bytes.length - 1);
}

/** setdomainname(2). */
export function setdomainname(name: string): void {
  const bytes = cString(name);
  syscall('setdomainname', name, bytes, bytes.length - 1);
}

/** prctl(PR_SET_CHILD_SUBREAPER): orphaned descendants become children of this process. */
export function becomeSubreaper(): void {
  syscall('prctl', undefined, K.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}
