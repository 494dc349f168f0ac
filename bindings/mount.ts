// The mount family: the descriptor-based interface of Linux 5.2 and later, and what only mount(2) can do.
import { readSync } from 'node:fs';
import * as K from './constants.ts';
import { SyscallError } from './errno.ts';
import { type Argument, cString, syscall, trySyscall, words64 } from './syscall.ts';

/** fsopen(2): a file system being configured. Returns a descriptor. */
export function fsopen(type: string): number {
  return syscall('fsopen', type, cString(type), K.FSOPEN_CLOEXEC);
}

/** fsconfig(2), FSCONFIG_SET_STRING, or FSCONFIG_SET_FLAG where `value` is left out. */
export function fsconfigSet(fsFd: number, key: string, value?: string): void {
  const option = value === undefined ? key : `${key}=${value}`;
  const command = value === undefined ? K.FSCONFIG_SET_FLAG : K.FSCONFIG_SET_STRING;
  configure(fsFd, option, command, cString(key), value === undefined ? null : cString(value));
}

/** fsconfig(2), FSCONFIG_CMD_CREATE: makes the file system (or finds it). */
export function fsconfigCreate(fsFd: number, type: string): void {
  configure(fsFd, type, K.FSCONFIG_CMD_CREATE, null, null);
}

function configure(fsFd: number, what: string, command: number, key: Argument, value: Argument): void {
  const result = trySyscall('fsconfig', fsFd, command, key, value, 0);
  if (result >= 0) return;
  const message = contextMessage(fsFd);
  throw new SyscallError('fsconfig', -result, message === '' ? what : `${what} (${message})`);
}

// A file system's own words on what is wrong can be read from its context: "e tmpfs: Bad value for 'size'".
function contextMessage(fsFd: number): string {
  const messages: string[] = [];
  const buffer = new Uint8Array(1024);
  try {
    for (let i = 0; i < 8; i++) {
      const length = readSync(fsFd, buffer);
      if (length === 0) break;
      const text = new TextDecoder().decode(buffer.subarray(0, length)).trim();
      if (text.startsWith('e ')) messages.push(text.slice(2));
    }
  } catch {
    // ENODATA: no (more) messages.
  }
  return messages.join(', ');
}

/** fsmount(2): a detached mount of the configured file system. `attributes` is MOUNT_ATTR_*. Returns a descriptor. */
export function fsmount(fsFd: number, attributes: number, type: string): number {
  return syscall('fsmount', type, fsFd, K.FSMOUNT_CLOEXEC, attributes);
}

/** open_tree(2) with OPEN_TREE_CLONE: a detached copy of the mount at a path or, with an empty path, descriptor. */
export function openTreeClone(dirFd: number, path: string, { recursive }: { recursive: boolean }): number {
  const flags = K.OPEN_TREE_CLONE | K.OPEN_TREE_CLOEXEC | (recursive ? K.AT_RECURSIVE : 0);
  return syscall('open_tree', path, dirFd, cString(path), path === '' ? flags | K.AT_EMPTY_PATH : flags);
}

/** move_mount(2): attaches the mount that `mountFd` refers to on what `targetFd` refers to. */
export function moveMount(mountFd: number, targetFd: number, path: string): void {
  const flags = K.MOVE_MOUNT_F_EMPTY_PATH | K.MOVE_MOUNT_T_EMPTY_PATH;
  const empty = cString('');
  syscall('move_mount', path, mountFd, empty, targetFd, empty, flags);
}

export interface MountAttributes {
  set?: number;
  clear?: number;
  /** MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE. */
  propagation?: number;
  userNamespaceFd?: number;
  recursive?: boolean;
}

/** mount_setattr(2) on the mount that `fd` refers to. */
export function mountSetattr(fd: number, attributes: MountAttributes, path?: string): void {
  const { set = 0, clear = 0, propagation = 0, userNamespaceFd = 0, recursive = false } = attributes;
  const attr = words64(set, clear, propagation, userNamespaceFd);
  const flags = K.AT_EMPTY_PATH | (recursive ? K.AT_RECURSIVE : 0);
  syscall('mount_setattr', path, fd, cString(''), flags, attr, attr.length);
}

export interface MountArguments {
  source: string;
  target: string;
  type?: string;
  flags?: number;
  data?: string;
}

/** mount(2), for what the descriptor-based calls can't do (long options, remounts). */
export function mount({ source, target, type, flags = 0, data }: MountArguments): void {
  const optional = (text: string | undefined) => (text === undefined ? null : cString(text));
  syscall('mount', target, cString(source), cString(target), optional(type), flags, optional(data));
}

/** umount2(2). */
export function umount2(target: string, flags: number): void {
  syscall('umount2', target, cString(target), flags);
}

/** pivot_root(2). */
export function pivotRoot(newRoot: string, putOld: string): void {
  syscall('pivot_root', newRoot, cString(newRoot), cString(putOld));
}
