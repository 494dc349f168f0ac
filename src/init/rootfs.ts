// The container's root: brought up as a mount of its own, at the end made the root directory.
import * as K from '../../bindings/constants.ts';
import type { Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';
import type { RootfsPlan } from '../plan/rootfs.ts';
import { attach, copyTree, setAttributes } from './mount-calls.ts';
import { type SourceNumbers, takeSource } from './sources.ts';

export interface RootMountPoint {
  /** The root file system's own path, or a folder of the state. */
  path: string;
  /** The root file system and its mount point, if they have been opened already. */
  opened: Pick<SourceNumbers, 'rootfs' | 'mountPoint'> | undefined;
}

/**
 * Makes the root file system a mount of its own, with everything that is mounted below it.
 * @param mountPoint where it's attached
 * @param root gets the new root's descriptor
 */
export function mountRootfs(script: Script, rootfs: RootfsPlan, { path, opened }: RootMountPoint, root: Slot): void {
  script.begin(`/root/path ${rootfs.path}`);
  const target = script.slot();
  // A shared mount namespace is somebody else's: its propagation is left alone.
  if (rootfs.change !== 'chroot') isolateMounts(script, target);
  if (opened === undefined) {
    copyTree(script, rootfs.path, root, { recursive: true });
    openDirectory(script, path, target);
  } else {
    takeSource(script, opened.rootfs, root);
    takeSource(script, opened.mountPoint, target);
  }
  if (rootfs.change === 'chroot') {
    setAttributes(script, root, { propagation: K.MS_PRIVATE, recursive: true }, rootfs.path);
  }
  attach(script, root, target, path);
  // What is attached to a shared mount becomes shared, mount_namespaces(7): once more, for the mounts to come.
  if (rootfs.change === 'chroot') {
    setAttributes(script, root, { propagation: K.MS_PRIVATE, recursive: true }, rootfs.path);
  }
  script.end();
}

function openDirectory(script: Script, path: string, into: Slot): void {
  const flags = K.O_PATH | K.O_DIRECTORY | K.O_CLOEXEC;
  script.call('openat', [K.AT_FDCWD, script.string(path), flags, 0], { path, save: into });
}

// Nothing that is mounted here reaches the host. The host's later mounts and, more important, unmounts do reach us: a
// private copy would keep file systems busy.
function isolateMounts(script: Script, slash: Slot): void {
  openDirectory(script, '/', slash);
  setAttributes(script, slash, { propagation: K.MS_SLAVE, recursive: true }, '/');
}

/**
 * Last touches on the root mount: the propagation and whether it can be written to. After the change of root, because
 * pivot_root(2) refuses a shared one.
 */
export function finishRootfs(script: Script, root: Slot, { propagation, isReadonly, path }: RootfsPlan): void {
  if (propagation !== undefined) {
    const { flag, recursive } = propagation;
    script.within('/linux/rootfsPropagation', () => {
      // config-linux.md: a shared root belongs to a new peer group, it's not shared with the host.
      if (flag === K.MS_SHARED) setAttributes(script, root, { propagation: K.MS_PRIVATE, recursive }, path);
      setAttributes(script, root, { propagation: flag, recursive }, path);
    });
  }
  if (!isReadonly) return;
  script.begin('/root/readonly');
  setAttributes(script, root, { set: K.MOUNT_ATTR_RDONLY }, path);
  script.end();
}

/** Makes the new root the root directory of this process; the host's is out of reach afterwards. */
export function enterRootfs(script: Script, root: Slot, { change, path }: RootfsPlan): void {
  script.begin('change the root');
  const here = script.string('.');
  script.call('fchdir', [root], { path });
  if (change === 'pivot') {
    // pivot_root(2), "pivot_root(".", ".")": the old root ends up stacked on the new one, and is taken away there.
    script.call('pivot_root', [here, here], { path });
    script.call('umount2', [here, K.MNT_DETACH], { path: '/' });
  } else {
    if (change === 'move') moveToRoot(script, root);
    script.call('chroot', [here], { path });
  }
  script.end();
}

// For an initramfs, whose root can't be pivoted: the new root is mounted over it.
function moveToRoot(script: Script, root: Slot): void {
  const slash = script.slot();
  openDirectory(script, '/', slash);
  attach(script, root, slash, '/');
}
