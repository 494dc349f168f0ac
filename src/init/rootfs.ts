// The container's root: brought up as a mount of its own, at the end made the root directory.
import { closeSync } from 'node:fs';
import * as K from '../../bindings/constants.ts';
import { chroot, fchdir, openat2 } from '../../bindings/files.ts';
import { mountSetattr, moveMount, openTreeClone, pivotRoot, umount2 } from '../../bindings/mount.ts';
import { step } from '../errors.ts';
import type { RootfsPlan } from '../plan/rootfs.ts';

/**
 * Makes the root file system a mount of its own, with everything that is mounted below it.
 * @param mountPoint where it's attached: the root file system's own path, or a folder of the state
 * @returns a descriptor of the new root
 */
export function mountRootfs(rootfs: RootfsPlan, mountPoint: string): number {
  return step(`/root/path ${rootfs.path}`, () => {
    // A shared mount namespace is somebody else's: its propagation is left alone.
    if (rootfs.change !== 'chroot') isolateMounts();
    const rootFd = openTreeClone(K.AT_FDCWD, rootfs.path, { recursive: true });
    const targetFd = openat2(K.AT_FDCWD, mountPoint, { flags: K.O_PATH | K.O_DIRECTORY });
    const makePrivate = () => mountSetattr(rootFd, { propagation: K.MS_PRIVATE, recursive: true });
    if (rootfs.change === 'chroot') makePrivate();
    moveMount(rootFd, targetFd, mountPoint);
    closeSync(targetFd);
    // What is attached to a shared mount becomes shared, mount_namespaces(7): once more, for the mounts to come.
    if (rootfs.change === 'chroot') makePrivate();
    if (rootfs.propagation?.flag === K.MS_SHARED) shareAnew(rootFd);
    return rootFd;
  });
}

// Nothing that is mounted here reaches the host. The host's later mounts and, more important, unmounts do reach us: a
// private copy would keep file systems busy.
function isolateMounts(): void {
  const fd = openat2(K.AT_FDCWD, '/', { flags: K.O_PATH | K.O_DIRECTORY });
  mountSetattr(fd, { propagation: K.MS_SLAVE, recursive: true }, '/');
  closeSync(fd);
}

// config-linux.md: a shared root belongs to a new peer group, it's not shared with the host. What is mounted below it
// afterwards is to join the group, so this comes first.
function shareAnew(rootFd: number): void {
  mountSetattr(rootFd, { propagation: K.MS_PRIVATE });
  mountSetattr(rootFd, { propagation: K.MS_SHARED });
}

/** Last touches on the root mount: the propagation and whether it can be written to. */
export function finishRootfs(rootFd: number, { propagation, isReadonly }: RootfsPlan): void {
  if (propagation !== undefined) {
    step('/linux/rootfsPropagation', () => {
      mountSetattr(rootFd, { propagation: propagation.flag, recursive: propagation.recursive });
    });
  }
  if (isReadonly) step('/root/readonly', () => mountSetattr(rootFd, { set: K.MOUNT_ATTR_RDONLY }));
}

/** Makes the new root the root directory of this process; the host's is out of reach afterwards. */
export function enterRootfs(rootFd: number, { change }: RootfsPlan): void {
  step(change === 'pivot' ? 'pivot_root' : 'change root', () => {
    fchdir(rootFd);
    if (change === 'pivot') pivot();
    else if (change === 'move') moveToRoot(rootFd);
    else chroot('.');
  });
}

// pivot_root(2), "pivot_root(".", ".")": the old root ends up stacked on the new one, and is taken away from there.
function pivot(): void {
  pivotRoot('.', '.');
  umount2('.', K.MNT_DETACH);
}

// For an initramfs, whose root can't be pivoted: the new root is mounted over it.
function moveToRoot(rootFd: number): void {
  const slashFd = openat2(K.AT_FDCWD, '/', { flags: K.O_PATH | K.O_DIRECTORY });
  moveMount(rootFd, slashFd, '/');
  closeSync(slashFd);
  chroot('.');
}
