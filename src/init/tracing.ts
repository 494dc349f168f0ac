// Who may look into the container's process while it's being set up.
import * as K from '../../bindings/constants.ts';
import type { Script } from '../final/script.ts';
import type { Plan } from '../plan/plan.ts';

/**
 * ptrace(2), "Ptrace access mode checking": with the host's root directory and ids still its own, nobody in the
 * namespaces that it joins may look into this process (CVE-2016-9962). Children inherit that, execve(2) ends it: each
 * program begins with it.
 */
export function forbidTracing(script: Script): void {
  script.call('prctl', [K.PR_SET_DUMPABLE, 0, 0, 0, 0]);
}

/**
 * Files in /proc of a process that must not be traced belong to root: for a runtime of somebody else's it has to be
 * traceable while they're written. Nobody is in its new user namespace but itself.
 */
export function asTraceable(script: Script, { isRootless, namespaces }: Plan, build: () => void): void {
  const isNeeded = isRootless && namespaces.newUser;
  if (isNeeded) script.call('prctl', [K.PR_SET_DUMPABLE, 1, 0, 0, 0]);
  build();
  if (isNeeded) forbidTracing(script);
}
