// The container process while it still runs the engine: from its birth to the execution of the final program.
import { closeSync } from 'node:fs';
import * as K from '../../bindings/constants.ts';
import { closeOnExecFrom, setCloseOnExec } from '../../bindings/files.ts';
import { mountSetattr } from '../../bindings/mount.ts';
import { becomeRoot, setsid, umask } from '../../bindings/privileges.ts';
import { execveFd, exitNow, getpid, prctl } from '../../bindings/process.ts';
import { type CgroupEntry, enterCgroup, type PlacedCgroup } from '../cgroup/cgroup.ts';
import { RuntimeError, step, toRuntimeError } from '../errors.ts';
import { type CallerSettings, runHooks } from '../hooks.ts';
import type { Plan } from '../plan/plan.ts';
import { expect, send } from '../protocol.ts';
import type { StateDocument } from '../state/document.ts';
import { makeCgroupMount } from './cgroup-mount.ts';
import { makeDevices } from './devices.ts';
import { homeDirectory } from './home.ts';
import { makePathsReadonly, maskPaths } from './lockdown.ts';
import { makeMount } from './mounts.ts';
import { joinNamespaces, makeCgroupNamespace, makeTimeNamespace, type OpenNamespace } from './namespaces.ts';
import { enterRootfs, finishRootfs, mountRootfs } from './rootfs.ts';
import { adjustOomScore, setHostNames, setSysctls } from './settings.ts';
import { enterWorkingDirectory, openWorkingDirectory } from './working-directory.ts';

export interface InitInputs {
  plan: Plan;
  /** Namespaces still to be joined; empty if a joiner has done it. */
  namespaces: OpenNamespace[];
  placedCgroup: PlacedCgroup[];
  cgroupEntry: CgroupEntry;
  syncFd: number;
  startFd: number;
  resultFd: number;
  /** The memfd that the runtime writes the final program into meanwhile. */
  programFd: number;
  /** For the hooks that run in here; the pid in it is filled in here. */
  state: StateDocument;
  settings: CallerSettings;
  /** Where the root file system is attached. */
  rootMountPoint: string;
}

/** Runs the container process's side of `create`. Ends by becoming the final program, or by telling why not. */
export function init(inputs: InitInputs): never {
  try {
    const rootFd = prepare(inputs);
    becomeFinalProgram({ ...inputs, rootFd });
  } catch (error) {
    tellFailure(inputs.syncFd, error);
  }
  exitNow(1);
}

/** Sends an error to the runtime. */
export function tellFailure(syncFd: number, error: unknown): void {
  const known = toRuntimeError(error) ?? new RuntimeError(`internal error: ${describeBug(error)}`);
  send(syncFd, { type: 'failed', error: known.toFields() });
}

function describeBug(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function prepare({ plan, namespaces, placedCgroup, syncFd, ...inputs }: InitInputs): number {
  dieWithRuntime();
  setsid();
  enterCgroup(inputs.cgroupEntry);
  // Modes of what is made here don't depend on the caller's mask; the final program puts it back.
  umask(0);
  if (plan.namespaces.newUser) expect(syncFd, 'mapped');
  joinNamespaces(namespaces);
  if (plan.namespaces.newUser || plan.namespaces.joined.some(({ type }) => type === 'user')) {
    step('become root in the user namespace', becomeRoot);
    // Changing ids takes the parent-death signal away, prctl(2).
    dieWithRuntime();
  }
  makeTimeNamespace(plan.namespaces);
  setHostNames(plan);
  adjustOomScore(plan);
  setSysctls(plan);
  const rootFd = mountRootfs(plan.rootfs, inputs.rootMountPoint);
  makeCgroupNamespace(plan.namespaces);
  makeAllMounts(rootFd, plan, placedCgroup);
  const home = plan.process === undefined ? undefined : homeDirectory(rootFd, plan.process);
  send(syncFd, { type: 'mounted', ...(home !== undefined && { home }) });
  if (hasCreateHooks(plan)) expect(syncFd, 'hooksRun');
  runHooks('createContainer', plan.hooks.createContainer ?? [], { ...inputs.state, pid: getpid() }, inputs.settings);
  makePathsReadonly(rootFd, plan.rootfs.readonlyPaths);
  maskPaths(rootFd, plan.rootfs);
  return rootFd;
}

/** Whether the runtime has hooks to run while the container process waits. */
export function hasCreateHooks({ hooks }: Plan): boolean {
  return (hooks.prestart ?? []).length > 0 || (hooks.createRuntime ?? []).length > 0;
}

function dieWithRuntime(): void {
  prctl(K.PR_SET_PDEATHSIG, K.SIGKILL);
}

function makeAllMounts(rootFd: number, plan: Plan, placed: PlacedCgroup[]): void {
  const readonlyLater: number[] = [];
  for (const mount of plan.mounts) {
    if (mount.kind === 'cgroup') {
      makeCgroupMount(rootFd, mount, { placed, hasNamespace: plan.namespaces.newCgroup });
    } else {
      const fd = makeMount(rootFd, mount);
      if (fd !== undefined) readonlyLater.push(fd);
    }
  }
  makeDevices(rootFd, plan.devices);
  for (const fd of readonlyLater) {
    mountSetattr(fd, { set: K.MOUNT_ATTR_RDONLY });
    closeSync(fd);
  }
}

function becomeFinalProgram({ plan, syncFd, programFd, ...inputs }: InitInputs & { rootFd: number }): never {
  const { process } = plan;
  const { rootFd, startFd, resultFd } = inputs;
  const cwdFd = process && openWorkingDirectory(rootFd, process);
  finishRootfs(rootFd, plan.rootfs);
  enterRootfs(rootFd, plan.rootfs);
  if (process !== undefined && cwdFd !== undefined) enterWorkingDirectory(cwdFd, process);
  dieWithRuntime();
  expect(syncFd, 'program');
  // Of all descriptors only these cross into the final program, which marks them to be closed by its own execve.
  closeOnExecFrom(3 + plan.preserveFds);
  for (const fd of [syncFd, startFd, resultFd]) setCloseOnExec(fd, false);
  return step('execute the final program', () => execveFd(programFd, 'runts-init'));
}
