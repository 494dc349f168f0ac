// What the root of a user namespace may not be able to open: the root file system and the sources of bind mounts, in
// folders that are closed to it. The process that makes the container process opens them for it, with the runtime's
// rights but in the container's mount namespace: there the host's flags (ro, nosuid, …) are locked,
// mount_namespaces(7), so that the container can't take them away.
import * as K from '../../bindings/constants.ts';
import type { Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';
import type { Plan } from '../plan/plan.ts';
import { copySource } from './bind-source.ts';

/** The numbers of descriptors: those that something is opened as, for the container process to take. */
export interface SourceNumbers {
  /** A pidfd of the container process. */
  process: number;
  rootfs: number;
  mountPoint: number;
  /** Bind mounts, by index in the plan. */
  binds: ReadonlyMap<number, number>;
}

/** Numbers from `first` on. */
export function sourceNumbers({ mounts }: Plan, first: number): SourceNumbers {
  const binds = new Map<number, number>();
  mounts.forEach(({ kind }, index) => {
    if (kind === 'bind') binds.set(index, first + 3 + binds.size);
  });
  return { process: first, rootfs: first + 1, mountPoint: first + 2, binds };
}

/** Opens all. The process shares its descriptors with the container process, and ends afterwards. */
export function openSources(script: Script, plan: Plan, numbers: SourceNumbers, options: SourceOptions): void {
  const fd = script.slot();
  const keepAs = (number: number) => {
    script.call('dup3', [fd, number, 0]);
    script.call('close', [fd]);
  };
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
  for (const [index, number] of numbers.binds) {
    const mount = plan.mounts[index];
    if (mount === undefined) continue;
    script.within(`mount ${mount.label}`, () => copySource(script, mount, options.idMaps.get(index), fd));
    keepAs(number);
  }
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
