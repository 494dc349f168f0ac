// Takes away the mounts of a container that has no mount namespace of its own.
import { closeSync, openSync } from 'node:fs';
import * as K from '../../bindings/constants.ts';
import { umount2 } from '../../bindings/mount.ts';
import { clone, exitNow, setns, wait } from '../../bindings/process.ts';
import { errnoOf, RuntimeError } from '../errors.ts';
import type { ContainerRecord } from '../state/store.ts';

/** Unmounts the container's root with all that is mounted below it. Nothing mounted there is not an error. */
export function unmountRootfs({ path, namespace }: NonNullable<ContainerRecord['rootfsMount']>): void {
  if (namespace === undefined) {
    unmount(path);
    return;
  }
  const pid = clone(0);
  if (pid === 0) exitNow(unmountInside(path, namespace));
  const code = wait(pid, { block: true })?.code ?? 0;
  if (code !== 0) throw new RuntimeError(`could not unmount ${path} in ${namespace}`);
}

function unmount(path: string): void {
  try {
    umount2(path, K.MNT_DETACH | K.UMOUNT_NOFOLLOW);
  } catch (error) {
    // EINVAL: not a mount point; ENOENT: the folder is gone.
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOENT') throw error;
  }
}

function unmountInside(path: string, namespace: string): number {
  try {
    const fd = openSync(namespace, 'r');
    setns(fd, K.CLONE_NEWNS);
    closeSync(fd);
    unmount(path);
    return 0;
  } catch (error) {
    // A namespace that is gone has taken its mounts with it.
    return errnoOf(error) === 'ENOENT' ? 0 : 1;
  }
}
