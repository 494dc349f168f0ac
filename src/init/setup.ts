// The second of the container's programs: sets up everything that the container sees, and makes its root the root.
import * as K from '../../bindings/constants.ts';
import type { PlacedCgroup } from '../cgroup/cgroup.ts';
import type { Slot } from '../final/memory.ts';
import { Script } from '../final/script.ts';
import { hasLabels } from '../plan/labels.ts';
import type { MountPlan } from '../plan/mounts.ts';
import type { Plan } from '../plan/plan.ts';
import { become } from './begin.ts';
import { makeCgroupMount } from './cgroup-mount.ts';
import { makeDevices } from './devices.ts';
import { FileSystems } from './file-systems.ts';
import { makePathsReadonly, maskPaths } from './lockdown.ts';
import { setAttributes } from './mount-calls.ts';
import { copyShared, type MountFacts, makeMount } from './mounts.ts';
import { makeCgroupNamespace, makeTimeNamespace } from './namespaces.ts';
import { Root } from './paths.ts';
import { enterRootfs, finishRootfs, mountRootfs } from './rootfs.ts';
import { raiseLoopback, setHostNames, setSysctls } from './settings.ts';
import { closeFolders, type SourceNumbers, withOpenedFolders } from './sources.ts';
import { controlTerminal, makeConsole, useTerminal } from './terminal.ts';
import { forbidTracing } from './tracing.ts';
import { enterWorkingDirectory, openWorkingDirectory } from './working-directory.ts';

export interface SetupInputs {
  plan: Plan;
  placedCgroup: PlacedCgroup[];
  syncFd: number;
  /** The memfd of the third program. */
  finalFd: number;
  /** Where the root file system is attached. */
  rootMountPoint: string;
  mountFacts: MountFacts[];
  /** What has been opened for the root of a user namespace. */
  sources: SourceNumbers | undefined;
  /** Descriptors of user namespaces, by index of id-mapped mounts in the plan. */
  idMaps: ReadonlyMap<number, number>;
  /** The host's /proc, where it's needed and can't be reached by its path: needsHostProc. */
  procFd?: number | undefined;
}

/** Whether a mount namespace is joined, whose /proc is not to be trusted, and settings are made through /proc. */
export function needsHostProc({ namespaces, sysctl }: Plan): boolean {
  return (sysctl.length > 0 || namespaces.newTime) && namespaces.joined.some(({ type }) => type === 'mount');
}

/** Builds the program. */
export function setupScript(inputs: SetupInputs): Script {
  const { plan, rootMountPoint, sources, idMaps, procFd } = inputs;
  const script = new Script(inputs.syncFd);
  forbidTracing(script);
  const root = new Root(script, script.descriptorSlot(), new FileSystems(script));
  makeTimeNamespace(script, plan, procFd);
  setHostNames(script, plan);
  raiseLoopback(script, plan);
  setSysctls(script, plan, procFd);
  // The next program needs it for the labels.
  if (procFd !== undefined && !hasLabels(plan.process)) script.call('close', [procFd]);
  const copies = sources === undefined ? copyShared(script, plan.mounts, idMaps) : new Map<number, Slot>();
  mountRootfs(script, plan.rootfs, { path: rootMountPoint, opened: sources }, root.fd);
  script.tellWithDescriptor({ type: 'root' });
  makeCgroupNamespace(script, plan.namespaces);
  makeAllMounts(root, inputs, copies);
  const terminal = plan.process?.terminal && makeConsole(root, plan.process.terminal);
  script.ask({ type: 'mounted' });
  makePathsReadonly(root, plan.rootfs.readonlyPaths);
  const { mountLabel } = plan;
  maskPaths(root, plan.rootfs.maskedPaths, { isShared: plan.rootfs.change === 'chroot', mountLabel });
  const cwd = script.slot();
  if (plan.process !== undefined) openWorkingDirectory(root, plan.process, cwd);
  enterRootfs(script, root.fd, plan.rootfs);
  finishRootfs(script, root.fd, plan.rootfs);
  if (plan.process !== undefined) enterWorkingDirectory(script, plan.process, cwd);
  if (terminal !== undefined) {
    useTerminal(script, terminal);
    controlTerminal(script);
  }
  script.ask({ type: 'final' });
  become(script, inputs.finalFd, 'runts-init');
  script.finish();
  return script;
}

const NO_FACTS: MountFacts = { isDirectory: true, coveredMode: undefined };

function makeAllMounts(root: Root, inputs: SetupInputs, copies: Map<number, Slot>): void {
  const { plan, placedCgroup, mountFacts, idMaps, sources } = inputs;
  const { script } = root;
  const { newCgroup, joined } = plan.namespaces;
  const namespace = newCgroup ? 'new' : joined.some(({ type }) => type === 'cgroup') ? 'joined' : 'host';
  const options = { placed: placedCgroup, namespace } as const;
  const readonlyLater: { mount: MountPlan; fd: Slot }[] = [];
  plan.mounts.forEach((mount, index) => {
    if (mount.kind === 'cgroup') makeCgroupMount(root, mount, options);
    else {
      const prepared = { copy: copies.get(index), source: sources?.binds.get(index), idMap: idMaps.get(index) };
      const made = sources === undefined ? mount : withOpenedFolders(mount, sources);
      const fd = makeMount(root, made, mountFacts[index] ?? NO_FACTS, prepared);
      if (fd !== undefined) readonlyLater.push({ mount, fd });
    }
  });
  if (sources !== undefined) closeFolders(script, sources);
  makeDevices(root, plan.devices);
  for (const { mount, fd } of readonlyLater) {
    script.within(`mount ${mount.label}`, () => {
      setAttributes(script, fd, { set: K.MOUNT_ATTR_RDONLY }, mount.destination);
      script.release(fd);
    });
  }
}
