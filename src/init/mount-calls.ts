// The mount family as calls of a script: move_mount, mount_setattr, open_tree with their usual arguments. Who
// called them releases the descriptors.
import * as K from '../../bindings/constants.ts';
import type { Operand, Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';
import type { Words } from '../final/steps.ts';
import type { Branch } from './paths.ts';

const MOUNT_ATTR_SIZE = 32;

export interface MountAttributes {
  set?: number;
  clear?: number;
  /** MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE. */
  propagation?: number;
  recursive?: boolean;
}

/** mount_setattr(2) on the mount that a descriptor refers to; AT_FDCWD is the working directory. */
export function setAttributes(
  script: Script,
  fd: Slot | typeof K.AT_FDCWD,
  attributes: MountAttributes,
  path: Words,
): void {
  const { set = 0, clear = 0, propagation = 0, recursive = false } = attributes;
  const flags = K.AT_EMPTY_PATH | (recursive ? K.AT_RECURSIVE : 0);
  const attr = script.words(set, clear, propagation, 0);
  script.call('mount_setattr', [fd, script.string(''), flags, attr, MOUNT_ATTR_SIZE], { path });
}

/** open_tree(2) with OPEN_TREE_CLONE: a detached copy of the mount at a host path. */
export function copyTree(script: Script, path: string, into: Slot, { recursive }: { recursive: boolean }): void {
  copyTreeAt(script, script.string(path), into, { recursive, path });
}

/** The same at a path that an operand stands for. */
export function copyTreeAt(
  script: Script,
  source: Operand,
  into: Slot,
  { recursive, path }: { recursive: boolean; path: Words },
): void {
  const flags = K.OPEN_TREE_CLONE | K.OPEN_TREE_CLOEXEC | (recursive ? K.AT_RECURSIVE : 0);
  script.call('open_tree', [K.AT_FDCWD, source, flags], { path, save: into });
}

/** The same for the mount that a descriptor refers to. */
export function copyTreeOf(
  script: Script,
  fd: Slot | typeof K.AT_FDCWD,
  into: Slot,
  recursive: boolean,
  path: Words,
): void {
  const flags = K.OPEN_TREE_CLONE | K.OPEN_TREE_CLOEXEC | K.AT_EMPTY_PATH | (recursive ? K.AT_RECURSIVE : 0);
  script.call('open_tree', [fd, script.string(''), flags], { path, save: into });
}

// Docker explains what is meant where it finds these words.
const MOVE_HINTS = { EINVAL: 'perhaps one of the two is not a directory and the other is' };

/** move_mount(2): attaches a detached mount on what `target` refers to. */
export function attach(script: Script, mount: Slot, target: Slot, path: Words, gotoOn?: Branch[]): void {
  const empty = script.string('');
  const flags = K.MOVE_MOUNT_F_EMPTY_PATH | K.MOVE_MOUNT_T_EMPTY_PATH;
  const options = { path, hints: MOVE_HINTS };
  script.call(
    'move_mount',
    [mount, empty, target, empty, flags],
    gotoOn === undefined ? options : { ...options, gotoOn },
  );
}
