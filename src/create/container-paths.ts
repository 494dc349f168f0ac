// Paths of a container that is being set up, for what takes more than a few calls: making missing folders, following
// links to nowhere, copying. Works on the root's descriptor, which the container process has sent; every path is
// resolved by openat2 within that root, like in init/paths.ts.

import * as K from '../../bindings/constants.ts';
import { SyscallError } from '../../bindings/errno.ts';
import { closeSync, readlinkSync } from '../../bindings/file-system.ts';
import { fchownat, mkdirat, mknodat, tryOpenat2 } from '../../bindings/files.ts';
import { umask } from '../../bindings/privileges.ts';
import { fstatSync } from '../../bindings/stat.ts';
import { errnoOf, RuntimeError } from '../errors.ts';
import { makedev } from '../init/devices.ts';
import { IN_ROOT, relative, split } from '../init/paths.ts';
import type { DevicePlan } from '../plan/devices.ts';
import { makeAs, type Owner } from './as-owner.ts';

const ENOENT = -2;
// As many symbolic links as the kernel follows, path_resolution(7).
const MAX_LINKS = 40;

export type Entry = 'directory' | 'file';

/**
 * Opens a path without access (O_PATH), following symbolic links within the root.
 * @returns a descriptor; undefined if it does not exist
 */
export function openPath(rootFd: number, path: string): number | undefined {
  const fd = tryOpenat2(rootFd, relative(path), { flags: K.O_PATH, resolve: IN_ROOT });
  if (fd === ENOENT) return undefined;
  if (fd < 0) throw new SyscallError('openat2', -fd, path);
  return fd;
}

/**
 * Makes what is missing of a path: directories, and at the end a directory or an empty file. A symbolic link to nowhere
 * is followed too, and its target made.
 */
export function makePath(rootFd: number, path: string, entry: Entry, owner: Owner): void {
  // What the container gets does not depend on the caller's mask.
  const mask = umask(0);
  try {
    closeSync(makeAndOpen({ rootFd, owner }, path, entry, 0));
  } finally {
    umask(mask);
  }
}

function makeAndOpen(where: { rootFd: number; owner: Owner }, path: string, entry: Entry, links: number): number {
  const existing = openPath(where.rootFd, path);
  if (existing !== undefined) return existing;
  if (links > MAX_LINKS) throw new SyscallError('openat2', 'ELOOP', path);
  const { parent, name } = split(path);
  const parentFd = makeAndOpen(where, parent, 'directory', links);
  try {
    makeEntry(parentFd, name, entry, where.owner);
    const made = openPath(where.rootFd, path);
    if (made !== undefined) return made;
    const target = linkTarget(parentFd, name);
    if (target === undefined) throw new SyscallError('openat2', 'ENOENT', path);
    return makeAndOpen(where, target.startsWith('/') ? target : `${parent}/${target}`, entry, links + 1);
  } finally {
    closeSync(parentFd);
  }
}

function makeEntry(parentFd: number, name: string, entry: Entry, owner: Owner): void {
  const { uid, gid } = owner;
  try {
    if (entry === 'file') makeAs(owner, () => mknodat(parentFd, name, K.S_IFREG | 0o644));
    else if (!makeAs(owner, () => mkdirat(parentFd, name, 0o755))) return;
    if (uid !== 0 || gid !== 0) fchownat(parentFd, name, uid, gid);
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

/** Checks that what is at a device's path is that device (config-linux.md, "Devices"). */
export function checkDevice(rootFd: number, { path, kind, major, minor }: DevicePlan): void {
  const { parent, name } = split(path);
  const parentFd = openPath(rootFd, parent);
  if (parentFd === undefined) throw new SyscallError('openat2', 'ENOENT', parent);
  const fd = tryOpenat2(parentFd, name, { flags: K.O_PATH | K.O_NOFOLLOW });
  closeSync(parentFd);
  if (fd < 0) throw new SyscallError('openat2', -fd, path);
  const stat = fstatSync(fd);
  closeSync(fd);
  const isSame = (stat.mode & K.S_IFMT) === kind && (kind === K.S_IFIFO || stat.rdev === makedev(major, minor));
  if (isSame) return;
  const letter = kind === K.S_IFBLK ? 'block' : kind === K.S_IFIFO ? 'FIFO' : 'character';
  throw new RuntimeError(`${path} exists already and is not the ${letter} device ${major}:${minor}`);
}
