// The steps of the container's final program by number: the program reports a number, the runtime tells its name.
import { CAPABILITY_NAMES } from '../plan/capabilities.ts';
import type { Plan } from '../plan/plan.ts';

/** Numbers of steps. Those that exist several times count on from their first. */
export const STEP = {
  /** Not a failure: the program waits for `start`. */
  ready: 0,
  closeDescriptors: 1,
  keyring: 2,
  umask: 3,
  groups: 4,
  gid: 5,
  uid: 6,
  keepCapabilities: 7,
  capabilities: 8,
  clearAmbient: 9,
  noNewPrivileges: 10,
  parentDeath: 11,
  signals: 12,
  announce: 13,
  execute: 14,
  rlimit: 32,
  bounding: 64,
  ambient: 128,
} as const;

/** What a step was doing, and the system call that failed, e.g. ["/process/user/uid 1000", "setresuid"]. */
export function describeStep(step: number, plan: Plan): [doing: string, syscall: string] {
  const { process } = plan;
  if (step >= STEP.ambient) return [`/process/capabilities/ambient ${CAPABILITY_NAMES[step - STEP.ambient]}`, 'prctl'];
  if (step >= STEP.bounding) {
    return [`/process/capabilities/bounding without ${CAPABILITY_NAMES[step - STEP.bounding]}`, 'prctl'];
  }
  if (step >= STEP.rlimit) return [process?.rlimits[step - STEP.rlimit]?.label ?? 'rlimit', 'prlimit64'];
  return NAMED[step]?.(plan) ?? [`step ${step} of the final program`, 'system call'];
}

const NAMED: Record<number, (plan: Plan) => [string, string]> = {
  [STEP.closeDescriptors]: () => ['close descriptors', 'close_range'],
  [STEP.keyring]: () => ['join a new session keyring', 'keyctl'],
  [STEP.umask]: () => ['/process/user/umask', 'umask'],
  [STEP.groups]: ({ process }) => [`/process/user/additionalGids ${process?.additionalGids.join(',')}`, 'setgroups'],
  [STEP.gid]: ({ process }) => [`/process/user/gid ${process?.gid}`, 'setresgid'],
  [STEP.uid]: ({ process }) => [`/process/user/uid ${process?.uid}`, 'setresuid'],
  [STEP.keepCapabilities]: () => ['/process/capabilities', 'prctl'],
  [STEP.capabilities]: () => ['/process/capabilities', 'capset'],
  [STEP.clearAmbient]: () => ['/process/capabilities/ambient', 'prctl'],
  [STEP.noNewPrivileges]: () => ['/process/noNewPrivileges', 'prctl'],
  [STEP.parentDeath]: () => ['let go of the runtime', 'prctl'],
  [STEP.signals]: () => ['reset signals', 'rt_sigaction'],
  [STEP.announce]: () => ['announce readiness', 'write'],
  [STEP.execute]: ({ process }) => [`/process/args ${JSON.stringify(process?.args[0])}`, 'execve'],
};
