// What the root of a user namespace may not be able to open: the root file system and the sources of bind mounts, in
// folders that are closed to it. The process that makes the container process opens them for it, with the runtime's
// rights but in the container's mount namespace: there the host's flags (ro, nosuid, …) are locked,
// mount_namespaces(7), so that the container can't take them away.
import * as K from '../../bindings/constants.ts';
import type { Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';
import type { MountPlan } from '../plan/mounts.ts';
import { overlayFolders, replaceFolders } from '../plan/overlay.ts';
import type { Plan } from '../plan/plan.ts';
import { copySource, openSource } from './bind-source.ts';
import { setAttributes } from './mount-calls.ts';

/** The source of a bind mount that is opened for the container process. */
export interface OpenedSource {
  /** Its descriptor's number. */
  number: number;
  /**
   * What is opened: the path, which the container process copies itself; a copy of the mount; or one that is made in the
   * runtime's mount namespace, where a mount may be had without those below it.
   */
  as: 'path' | 'copy' | 'outside copy';
}

/** The numbers of descriptors: those that something is opened as, for the container process to take. */
export interface SourceNumbers {
  /** A pidfd of the container process. */
  process: number;
  rootfs: number;
  mountPoint: number;
  /** Bind mounts, by index in the plan. */
  binds: ReadonlyMap<number, OpenedSource>;
  /** Folders of overlays, by path. */
  folders: ReadonlyMap<string, number>;
}

/** What the runtime has found out about the sources. */
export interface SourceFacts {
  /** The bind mounts, by index, whose sources are copied in the runtime's mount namespace. */
  outside: ReadonlySet<number>;
  /** Folders of overlays that are opened, too. */
  closed: string[];
}

/** Numbers from `first` on. */
export function sourceNumbers({ mounts }: Plan, first: number, { outside, closed }: SourceFacts): SourceNumbers {
  const binds = new Map<number, OpenedSource>();
  mounts.forEach(({ kind, idmap }, index) => {
    // Ids are mapped with the runtime's rights.
    const inside = idmap === undefined ? 'path' : 'copy';
    const as = outside.has(index) ? 'outside copy' : inside;
    if (kind === 'bind') binds.set(index, { number: first + 3 + binds.size, as });
  });
  const folders = new Map(closed.map((path, index) => [path, first + 3 + binds.size + index]));
  return { process: first, rootfs: first + 1, mountPoint: first + 2, binds, folders };
}

/** Opens all. The process shares its descriptors with the container process, and ends afterwards. */
export function openSources(script: Script, plan: Plan, numbers: SourceNumbers, options: SourceOptions): void {
  const fd = script.slot();
  const keepAs = (number: number) => {
    script.call('dup3', [fd, number, 0]);
    script.call('close', [fd]);
  };
  const openBinds = (isWanted: (source: OpenedSource) => boolean) => {
    for (const [index, source] of numbers.binds) {
      const mount = plan.mounts[index];
      if (mount === undefined || !isWanted(source)) continue;
      script.within(`mount ${mount.label}`, () =>
        openBind(script, mount, { source, idMap: options.idMaps.get(index), fd }),
      );
      keepAs(source.number);
    }
  };
  openBinds(({ as }) => as === 'outside copy');
  script.within('enter the mount namespace', () => script.call('setns', [numbers.process, K.CLONE_NEWNS]));
  script.call('close', [numbers.process]);
  const { path } = plan.rootfs;
  script.within(`/root/path ${path}`, () => {
    const flags = K.OPEN_TREE_CLONE | K.OPEN_TREE_CLOEXEC | K.AT_RECURSIVE;
    script.call('open_tree', [K.AT_FDCWD, script.string(path), flags], { path, save: fd });
    keepAs(numbers.rootfs);
    const { rootMountPoint } = options;
    const openFlags = K.O_PATH | K.O_DIRECTORY | K.O_CLOEXEC;
    const args = [K.AT_FDCWD, script.string(rootMountPoint), openFlags, 0];
    script.call('openat', args, { path: rootMountPoint, save: fd });
    keepAs(numbers.mountPoint);
  });
  openBinds(({ as }) => as !== 'outside copy');
  for (const [path, number] of numbers.folders) {
    const mount = plan.mounts.find((one) => overlayFolders(one).includes(path));
    const args = [K.AT_FDCWD, script.string(path), K.OPEN_TREE_CLOEXEC];
    script.within(`mount ${mount?.label}`, () => script.call('open_tree', args, { path, save: fd }));
    keepAs(number);
  }
}

/** An overlay's plan with the folders that were opened for it: links in the runtime's /proc lead to them. */
export function withOpenedFolders(plan: MountPlan, { folders }: Pick<SourceNumbers, 'folders'>): MountPlan {
  if (folders.size === 0 || plan.type !== 'overlay') return plan;
  const data = replaceFolders(plan.data, (path) => {
    const number = folders.get(path);
    return number === undefined ? undefined : `/proc/self/fd/${number}`;
  });
  return { ...plan, data };
}

/** When all mounts are made. */
export function closeFolders(script: Script, { folders }: Pick<SourceNumbers, 'folders'>): void {
  for (const number of folders.values()) script.call('close', [number]);
}

interface BindToOpen {
  source: OpenedSource;
  idMap: number | undefined;
  fd: Slot;
}

function openBind(script: Script, mount: MountPlan, { source: { as }, idMap, fd }: BindToOpen): void {
  if (as === 'path') openSource(script, mount, fd);
  else copySource(script, mount, idMap, fd);
  // What the container mounts there must not come to the host's peers of the mount. The kernel sees to that where a mount
  // namespace is copied for another user namespace, mount_namespaces(7).
  if (as === 'outside copy') setAttributes(script, fd, { propagation: K.MS_SLAVE }, mount.source);
}

export interface SourceOptions {
  /** Where the root file system is attached. */
  rootMountPoint: string;
  /** Descriptors of user namespaces, by index of id-mapped mounts in the plan. */
  idMaps: ReadonlyMap<number, number>;
}

/** Takes an opened descriptor into a slot. */
export function takeSource(script: Script, number: number, into: Slot): void {
  script.call('fcntl', [number, K.F_DUPFD_CLOEXEC, 0], { save: into });
  script.call('close', [number]);
}
