// Labels of security modules, as files below /proc/self/attr: what is written there holds from the next execve on
// (proc_pid_attr(5), apparmor(7)). The container's own /proc may be anything, or nothing: it's always the host's.
import * as K from '../../bindings/constants.ts';
import type { Operand, Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';
import type { ProcessLabels } from '../plan/labels.ts';
import { writeFile } from './namespaces.ts';

/** Opens /proc while it's the host's, for setLabels. */
export function openHostProc(script: Script): Slot {
  const proc = script.slot();
  const flags = K.O_PATH | K.O_DIRECTORY | K.O_CLOEXEC;
  script.call('openat', [K.AT_FDCWD, script.string('/proc'), flags, 0], { path: '/proc', save: proc });
  return proc;
}

/**
 * Has the program that this process executes next run with these labels. Before the session keyring is made, which gets
 * the process's label.
 * @param proc the host's /proc; it's closed
 */
export function setLabels(script: Script, { apparmorProfile, selinuxLabel }: ProcessLabels, proc: Operand): void {
  if (apparmorProfile !== undefined) {
    script.within(`/process/apparmorProfile ${apparmorProfile}`, () => {
      writeFile(script, '/proc/self/attr/apparmor/exec', `exec ${apparmorProfile}`, proc);
    });
  }
  if (selinuxLabel !== undefined) {
    script.within(`/process/selinuxLabel ${selinuxLabel}`, () => {
      for (const name of ['keycreate', 'exec']) writeFile(script, `/proc/self/attr/${name}`, selinuxLabel, proc);
    });
  }
  // It would lead out of the container (CVE-2024-21626).
  script.call('close', [proc]);
}
