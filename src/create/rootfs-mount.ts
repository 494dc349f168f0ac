// The mounts of a container that has no mount namespace of its own: where they go, and how they are taken away.

import * as K from '../../bindings/constants.ts';
import { errnoName } from '../../bindings/constants.ts';
import { closeSync, mkdirSync, openSync } from '../../bindings/file-system.ts';
import { socketpair } from '../../bindings/files.ts';
import { umount2 } from '../../bindings/mount.ts';
import { wait } from '../../bindings/process.ts';
import { fstatSync } from '../../bindings/stat.ts';
import { errnoOf } from '../errors.ts';
import { Script } from '../final/script.ts';
import { stepError } from '../final/steps.ts';
import { receive } from '../protocol.ts';
import { spawnScript } from '../spawn.ts';
import type { ContainerRecord } from '../state/store.ts';
import type { UndoList } from './undo.ts';

/** Makes the place for them in the state's folder, unless they go into a joined namespace. */
export function prepareMountPoint(mount: NonNullable<ContainerRecord['rootfsMount']>, undo: UndoList): void {
  if (mount.namespace === undefined) mkdirSync(mount.path);
  undo.add('remove mounts', () => unmountRootfs(mount));
}

/** Unmounts the container's root with all that is mounted below it. Nothing mounted there is not an error. */
export function unmountRootfs({ path, namespace }: NonNullable<ContainerRecord['rootfsMount']>): void {
  if (namespace === undefined) {
    unmount(path);
    return;
  }
  unmountInside(path, namespace);
}

function unmount(path: string): void {
  try {
    umount2(path, K.MNT_DETACH | K.UMOUNT_NOFOLLOW);
  } catch (error) {
    // EINVAL: not a mount point; ENOENT: the folder is gone.
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOENT') throw error;
  }
}

// In somebody else's mount namespace.
function unmountInside(path: string, namespace: { path: string; inode: number }): void {
  const namespaceFd = openIfThere(namespace.path);
  // A namespace that is gone has taken its mounts with it. What is in its place is none of ours.
  if (namespaceFd === undefined) return;
  if (fstatSync(namespaceFd).ino !== namespace.inode) {
    closeSync(namespaceFd);
    return;
  }
  const [parentFd, syncFd] = socketpair();
  const script = new Script(syncFd);
  script.call('setns', [namespaceFd, K.CLONE_NEWNS], { path: namespace.path });
  const args = [script.string(path), K.MNT_DETACH | K.UMOUNT_NOFOLLOW];
  script.call('umount2', args, { path, ignoreErrnos: [NOT_MOUNTED, NOT_THERE] });
  const pid = spawnScript(script, { name: 'runts-umount', inherit: [syncFd, namespaceFd], firstOwn: 3 });
  closeSync(syncFd);
  const message = receive(parentFd, script);
  wait(pid, { block: true });
  closeSync(parentFd);
  closeSync(namespaceFd);
  if (message?.kind === 'failure') throw stepError(script, message.step, errnoName(message.errno));
}

const NOT_MOUNTED = 22;
const NOT_THERE = 2;

function openIfThere(path: string): number | undefined {
  try {
    // Whatever is there now: opening must not wait for it, as for a FIFO.
    return openSync(path, K.O_RDONLY | K.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
