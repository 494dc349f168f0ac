// The source of a bind mount as a detached mount, its ids mapped if the plan says so.
import * as K from '../../bindings/constants.ts';
import type { Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';
import type { MountPlan } from '../plan/mounts.ts';

const MOUNT_ATTR_SIZE = 32;

const COPY_HINTS = {
  EINVAL: 'if mounts lie below the source, a user namespace may bind them only all together: use rbind',
};

/**
 * Copies the source's mount, open_tree(2).
 * @param idMap a user namespace's descriptor, for id-mapped mounts
 */
export function copySource(script: Script, plan: MountPlan, idMap: number | undefined, into: Slot): void {
  const { source: path, recursiveBind } = plan;
  const args = [K.AT_FDCWD, script.string(path), copyFlags(recursiveBind)];
  script.call('open_tree', args, { path, save: into, hints: recursiveBind ? undefined : COPY_HINTS });
  if (idMap !== undefined) mapIds(script, plan, idMap, into);
}

/** Opens the source, for `copyOpened`. */
export function openSource(script: Script, { source: path }: MountPlan, into: Slot): void {
  script.call('open_tree', [K.AT_FDCWD, script.string(path), K.OPEN_TREE_CLOEXEC], { path, save: into });
}

/** Copies the mount of a source that has been opened as a number, which is free then. */
export function copyOpened(
  script: Script,
  { source: path, recursiveBind }: MountPlan,
  number: number,
  into: Slot,
): void {
  const flags = K.AT_EMPTY_PATH | copyFlags(recursiveBind);
  const hints = recursiveBind ? undefined : COPY_HINTS;
  script.call('open_tree', [number, script.string(''), flags], { path, save: into, hints });
  script.call('close', [number]);
}

function copyFlags(recursive: boolean): number {
  return K.OPEN_TREE_CLONE | K.OPEN_TREE_CLOEXEC | (recursive ? K.AT_RECURSIVE : 0);
}

const ID_MAP_HINTS = {
  EINVAL: "the file system can't be id-mapped on this kernel",
  EPERM:
    'it is id-mapped already, or belongs to a user namespace; the runtime needs CAP_SYS_ADMIN over its file system',
};

/** mount_setattr(2), MOUNT_ATTR_IDMAP: the mount must not be attached yet. */
export function mapIds(script: Script, { idmap, source }: MountPlan, userNamespace: number, mount: Slot): void {
  const attr = script.words(K.MOUNT_ATTR_IDMAP, 0, 0, userNamespace);
  const flags = K.AT_EMPTY_PATH | (idmap?.isRecursive ? K.AT_RECURSIVE : 0);
  const path = `MOUNT_ATTR_IDMAP ${source}`;
  const args = [mount, script.string(''), flags, attr, MOUNT_ATTR_SIZE];
  script.call('mount_setattr', args, { path, hints: ID_MAP_HINTS });
}
