// The user namespace of this process.
import { readFileSync } from './file-system.ts';

/** Whether ids are the host's here: user_namespaces(7), "User and group ID mappings". */
export function isInitialUserNamespace(): boolean {
  return isIdentity(readFileSync('/proc/self/uid_map', 'latin1'));
}

/** Whether a uid_map maps all ids to themselves. */
export function isIdentity(map: string): boolean {
  return /^ *0 +0 +4294967295$/m.test(map);
}
