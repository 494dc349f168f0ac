// Paths inside the container. The root file system may be hostile: every path is resolved by openat2 within the root,
// and what was found is used by descriptor, never again by name (CVE-2021-30465, CVE-2019-19921).
import { closeSync, fstatSync, readlinkSync } from 'node:fs';
import * as K from '../../bindings/constants.ts';
import { SyscallError } from '../../bindings/errno.ts';
import { mkdirat, mknodat, tryOpenat2 } from '../../bindings/files.ts';
import { errnoOf } from '../errors.ts';

const ENOENT = -2;
// As many symbolic links as the kernel follows, path_resolution(7).
const MAX_LINKS = 40;

export type Kind = 'directory' | 'file';

/** Symbolic links stay inside the root; magic links (/proc/self/fd/7, /proc/self/exe) are refused. */
export const IN_ROOT = K.RESOLVE_IN_ROOT | K.RESOLVE_NO_MAGICLINKS;

/**
 * Opens a path of the container without access (O_PATH), following symbolic links within the root.
 * @returns a descriptor; undefined if it does not exist
 */
export function openPath(rootFd: number, path: string): number | undefined {
  const fd = tryOpenat2(rootFd, relative(path), { flags: K.O_PATH, resolve: IN_ROOT });
  if (fd === ENOENT) return undefined;
  if (fd < 0) throw new SyscallError('openat2', -fd, path);
  return fd;
}

/** A path of the container as openat2 wants it: relative to the root's descriptor. */
export function relative(path: string): string {
  const stripped = path.replace(/^\/+/, '');
  return stripped === '' ? '.' : stripped;
}

/**
 * Opens a path of the container (O_PATH), and makes what is missing of it: directories, and at the end a directory or
 * an empty file. A symbolic link to nowhere is followed too, and its target made.
 */
export function makePath(rootFd: number, path: string, kind: Kind, links = 0): number {
  const existing = openPath(rootFd, path);
  if (existing !== undefined) return existing;
  if (links > MAX_LINKS) throw new SyscallError('openat2', 'ELOOP', path);
  const { parent, name } = split(path);
  const parentFd = makePath(rootFd, parent, 'directory', links);
  try {
    makeEntry(parentFd, name, kind);
    const made = openPath(rootFd, path);
    if (made !== undefined) return made;
    const target = linkTarget(parentFd, name);
    if (target === undefined) throw new SyscallError('openat2', 'ENOENT', path);
    return makePath(rootFd, target.startsWith('/') ? target : `${parent}/${target}`, kind, links + 1);
  } finally {
    closeSync(parentFd);
  }
}

function split(path: string): { parent: string; name: string } {
  const trimmed = path.replace(/\/+$/, '');
  const slash = trimmed.lastIndexOf('/');
  return { parent: slash <= 0 ? '/' : trimmed.slice(0, slash), name: trimmed.slice(slash + 1) };
}

function makeEntry(parentFd: number, name: string, kind: Kind): void {
  if (kind === 'directory') {
    mkdirat(parentFd, name, 0o755);
    return;
  }
  try {
    mknodat(parentFd, name, K.S_IFREG | 0o644);
  } catch (error) {
    // Somebody made it meanwhile, or it's a link to nowhere: the caller looks again.
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

function linkTarget(parentFd: number, name: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${parentFd}/${name}`);
  } catch (error) {
    if (errnoOf(error) === 'EINVAL' || errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Opens the folder that a path's last component is in (made if missing), for making that component there. */
export function makeParent(rootFd: number, path: string): { parentFd: number; name: string } {
  const { parent, name } = split(path);
  return { parentFd: makePath(rootFd, parent, 'directory'), name };
}

/** Whether a descriptor refers to a directory. */
export function isDirectory(fd: number): boolean {
  return fstatSync(fd).isDirectory();
}
