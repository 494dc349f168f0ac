// The first of the container's three programs: from the runtime's namespaces into the container's. It's small, so that
// the kernel makes the namespaces while the runtime still builds the second (docs/architecture.md, "Three programs").
import * as K from '../../bindings/constants.ts';
import type { PlacedCgroup } from '../cgroup/cgroup.ts';
import { Script } from '../final/script.ts';
import type { Plan } from '../plan/plan.ts';
import { resetAffinity } from './execution.ts';
import { joinNamespaces, type OpenNamespace, writeFile } from './namespaces.ts';

export interface BeginInputs {
  plan: Plan;
  namespaces: OpenNamespace[];
  placedCgroup: PlacedCgroup[];
  /** The v2 cgroup's folder: the process is born in there. */
  cgroupFd: number | undefined;
  syncFd: number;
  /** The memfd of the second program. */
  setupFd: number;
}

/** Builds the program. */
export function beginScript(inputs: BeginInputs): Script {
  const { plan, syncFd, namespaces, cgroupFd } = inputs;
  const script = new Script(syncFd);
  forbidTracing(script);
  joinV1Cgroups(script, v1Directories(inputs.placedCgroup));
  joinNamespaces(script, namespaces);
  makeContainerProcess(script, plan, cgroupFd);
  for (const { fd } of namespaces) script.call('close', [fd]);
  if (cgroupFd !== undefined) script.call('close', [cgroupFd]);
  dieWithRuntime(script);
  resetAffinity(script);
  // Already a session leader (EPERM): as well.
  script.call('setsid', [], { ignore: true });
  // Modes of what is made don't depend on the caller's mask, which is put back later.
  script.call('umask', [0]);
  if (plan.namespaces.newUser) script.ask({ type: 'mapIds' });
  const isInUser = plan.namespaces.newUser || plan.namespaces.joined.some(({ type }) => type === 'user');
  if (isInUser) becomeRoot(script);
  script.ask({ type: 'setup' });
  become(script, inputs.setupFd, 'runts-init');
  script.finish();
  return script;
}

/**
 * ptrace(2), "Ptrace access mode checking": with the host's root directory and ids still its own, nobody in the
 * namespaces that it joins may look into this process (CVE-2016-9962). Children inherit that, execve(2) ends it: each
 * program begins with it.
 */
export function forbidTracing(script: Script): void {
  script.call('prctl', [K.PR_SET_DUMPABLE, 0, 0, 0, 0]);
}

// Before the container process is made from this one: moving oneself costs nothing, while moving another process makes
// the kernel wait for all CPUs (5 to 10 ms). v2: clone3(2) puts the child there.
export function joinV1Cgroups(script: Script, directories: string[]): void {
  for (const directory of directories) {
    script.within(`join cgroup ${directory}`, () => writeFile(script, `${directory}/tasks`, '0'));
  }
}

function v1Directories(placed: PlacedCgroup[]): string[] {
  return placed.flatMap(({ hierarchy, directory }) => (hierarchy.version === 1 ? [directory] : []));
}

const CLONE_ARGS_SIZE = 88;

// CLONE_PARENT: the container process is a child of the runtime. What has made it ends at once.
function makeContainerProcess(script: Script, plan: Plan, cgroupFd: number | undefined): void {
  script.within('create the container process', () => {
    forkInto(script, plan.namespaces.cloneFlags + K.CLONE_PARENT, cgroupFd);
  });
}

/** clone3(2), the child in a v2 cgroup if one is given. */
export function forkInto(script: Script, flags: number, cgroupFd: number | undefined): void {
  const allFlags = flags + (cgroupFd === undefined ? 0 : K.CLONE_INTO_CGROUP);
  script.fork([script.words(allFlags, 0, 0, 0, 0, 0, 0, 0, 0, 0, cgroupFd ?? 0), CLONE_ARGS_SIZE]);
}

/** A process that is not ready when the runtime ends is of no use: prctl(2), PR_SET_PDEATHSIG. */
export function dieWithRuntime(script: Script): void {
  script.call('prctl', [K.PR_SET_PDEATHSIG, K.SIGKILL, 0, 0, 0]);
}

/** Takes the ids of the user namespace's root, and no groups. */
export function becomeRoot(script: Script): void {
  script.within('become root in the user namespace', () => {
    script.call('setresgid', [0, 0, 0]);
    script.call('setresuid', [0, 0, 0]);
    // Refused where setgroups is denied, user_namespaces(7); then there is nothing to leave behind.
    script.call('setgroups', [0, 0], { ignore: true });
    // Changing ids takes the parent-death signal away.
    dieWithRuntime(script);
  });
}

/** execveat(2): goes on as the program in a memfd, which is closed by that. */
export function become(script: Script, programFd: number, name: string): void {
  const [argv, envp] = [script.program.stringArray([name]), script.program.stringArray([])];
  script.within(`go on as ${name}`, () => {
    script.call('fcntl', [programFd, K.F_SETFD, 1]);
    script.call('execveat', [programFd, script.string(''), argv, envp, K.AT_EMPTY_PATH]);
  });
}
