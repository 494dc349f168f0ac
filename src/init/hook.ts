// The program that becomes a hook: in the runtime's namespaces or, without ever having the engine in there
// (CVE-2019-5736), in the container's.
import * as K from '../../bindings/constants.ts';
import type { Hook } from '../bundle/config.ts';
import { Script } from '../final/script.ts';
import type { Hints } from '../final/steps.ts';
import { hasLabels } from '../plan/labels.ts';
import type { Plan } from '../plan/plan.ts';
import { forkInto, joinV1Cgroups, takeRootIds } from './begin.ts';
import { becomeContainerProcess } from './container-process.ts';
import { resetAffinity } from './execution.ts';
import { openHostProc, setLabels } from './labels.ts';
import { resetSignals } from './privileges.ts';
import { setOomScore } from './settings.ts';
import { forbidTracing } from './tracing.ts';

export interface HookInputs {
  hook: Hook;
  /** `NAME=value`. */
  environment: string[];
  /** The socket to the runtime. */
  syncFd: number;
  /** The hook's standard input, and where its output is collected. */
  inputFd: number;
  outputFd: number;
  /** Where it runs; undefined for the runtime's namespaces. */
  container: ContainerPlace | undefined;
  settings: CallerSettings;
  /** The working directory of a program of the host's, as in other runtimes. */
  bundle: string;
}

/** A place in the container. */
export interface ContainerPlace {
  /** The namespaces to join, in order: descriptor and CLONE_NEW* flag. */
  namespaces: { fd: number; flag: number }[];
  /** The container's v1 cgroups, and its v2 cgroup. */
  v1Cgroups: string[];
  cgroupFd: number | undefined;
  /** The container process's root directory. Before it's changed that is the runtime's own, which may be in a chroot. */
  rootFd: number;
  /** A program of the container's: it gets the container process's working directory and rights too, no others. */
  likeProcess: { plan: Plan; cwdFd: number } | undefined;
}

/** What a hook gets that the engine has changed for itself. */
export interface CallerSettings {
  ignoredSignals: number[];
  openFiles: { soft: bigint; hard: bigint };
  umask: number;
}

const RLIMIT_NOFILE = 7;

/** Builds the program. */
export function hookScript(inputs: HookInputs): Script {
  const { hook, syncFd, container, bundle, environment } = inputs;
  const script = new Script(syncFd);
  script.call('close_range', [3, 0xffffffff, K.CLOSE_RANGE_CLOEXEC]);
  const labelled = container?.likeProcess?.plan.process;
  const proc = hasLabels(labelled) ? openHostProc(script) : undefined;
  if (container !== undefined) enter(script, container);
  // The bundle may be gone when the poststop hooks run.
  if (container?.likeProcess === undefined) script.call('chdir', [script.string(bundle)], { ignore: true });
  settle(script, inputs);
  if (proc !== undefined && hasLabels(labelled)) setLabels(script, labelled, proc);
  closeOthers(script, syncFd);
  // The session keyring is one more of the container's name: it keeps the caller's keys out.
  if (container?.likeProcess !== undefined) becomeContainerProcess(script, container.likeProcess.plan);
  const argv = script.program.stringArray(hook.args?.length ? hook.args : [hook.path]);
  script.execFirst([hook.path], argv, script.program.stringArray(environment), hintsFor(container));
  script.finish();
  return script;
}

const AS_ITS_ROOT = { EACCES: 'the root of the user namespace, as which it runs, must be able to reach it' };

function hintsFor(container: ContainerPlace | undefined): Hints | undefined {
  return container !== undefined && becomesRoot(container) ? AS_ITS_ROOT : undefined;
}

// The runtime's own ids mean nobody in a user namespace: who has them can't make a file.
function becomesRoot({ namespaces, likeProcess }: ContainerPlace): boolean {
  return likeProcess === undefined && namespaces.some(({ flag }) => flag === K.CLONE_NEWUSER);
}

// Joining a pid namespace moves only the children, setns(2). The child is made the runtime's own, to be waited for.
function enter(script: Script, place: ContainerPlace): void {
  const { namespaces, v1Cgroups, cgroupFd, rootFd, likeProcess } = place;
  forbidTracing(script);
  joinV1Cgroups(script, v1Cgroups);
  if (likeProcess !== undefined) setOomScore(script, likeProcess.plan.process?.oomScoreAdj, likeProcess.plan);
  for (const { fd, flag } of namespaces) script.call('setns', [fd, flag]);
  // Joining a mount namespace makes its root the root directory, setns(2).
  script.call('fchdir', [rootFd]);
  script.call('chroot', [script.string('.')]);
  if (likeProcess !== undefined) {
    resetAffinity(script);
    script.call('fchdir', [likeProcess.cwdFd]);
  }
  forkInto(script, K.CLONE_PARENT, cgroupFd);
  if (becomesRoot(place)) takeRootIds(script);
}

function settle(script: Script, { inputFd, outputFd, settings }: HookInputs): void {
  script.call('dup3', [inputFd, 0, 0]);
  script.call('dup3', [outputFd, 1, 0]);
  script.call('dup3', [outputFd, 2, 0]);
  resetSignals(script, settings.ignoredSignals);
  script.call('umask', [settings.umask]);
  const { soft, hard } = settings.openFiles;
  script.call('prlimit64', [0, RLIMIT_NOFILE, script.program.pointers([soft, hard]), 0]);
}

// Closing on execve is too late: the image may have put a link to /proc/self/fd/N/../.. where the hook should be, and a
// descriptor of the host's leads out of the container (CVE-2024-21626).
function closeOthers(script: Script, syncFd: number): void {
  if (syncFd > 3) script.call('close_range', [3, syncFd - 1, 0]);
  script.call('close_range', [syncFd + 1, 0xffffffff, 0]);
}
