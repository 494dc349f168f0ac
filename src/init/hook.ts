// The program that becomes a hook: in the runtime's namespaces or, without ever having the engine in there
// (CVE-2019-5736), in the container's.
import * as K from '../../bindings/constants.ts';
import type { Hook } from '../bundle/config.ts';
import { Script } from '../final/script.ts';
import { forbidTracing, forkInto, joinV1Cgroups } from './begin.ts';
import { resetSignals } from './privileges.ts';

export interface HookInputs {
  hook: Hook;
  /** The socket to the runtime. */
  syncFd: number;
  /** The hook's standard input, and where its output is collected. */
  inputFd: number;
  outputFd: number;
  /** Where it runs; undefined for the runtime's namespaces. */
  container: ContainerPlace | undefined;
  settings: CallerSettings;
}

/** A place in the container. */
export interface ContainerPlace {
  /** The namespaces to join, in order: descriptor and CLONE_NEW* flag. */
  namespaces: { fd: number; flag: number }[];
  /** The root directory; undefined for that of the mount namespace. */
  rootFd: number | undefined;
  /** The container's v1 cgroups, and its v2 cgroup. */
  v1Cgroups: string[];
  cgroupFd: number | undefined;
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
  const { hook, syncFd, container } = inputs;
  const script = new Script(syncFd);
  script.call('close_range', [3, 0xffffffff, K.CLOSE_RANGE_CLOEXEC]);
  if (container !== undefined) enter(script, container);
  settle(script, inputs);
  const argv = script.program.stringArray(hook.args?.length ? hook.args : [hook.path]);
  script.execFirst([hook.path], argv, script.program.stringArray(hook.env ?? []));
  script.finish();
  return script;
}

// Joining a pid namespace moves only the children, setns(2). The child is made the runtime's own, to be waited for.
function enter(script: Script, { namespaces, rootFd, v1Cgroups, cgroupFd }: ContainerPlace): void {
  forbidTracing(script);
  joinV1Cgroups(script, v1Cgroups);
  for (const { fd, flag } of namespaces) script.call('setns', [fd, flag]);
  if (rootFd !== undefined) {
    script.call('fchdir', [rootFd]);
    script.call('chroot', [script.string('.')]);
  }
  forkInto(script, K.CLONE_PARENT, cgroupFd);
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
