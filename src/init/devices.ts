// Device nodes and links in the container (config-linux.md, "Devices", "Default Devices").
import { closeSync, existsSync, fstatSync } from 'node:fs';
import * as K from '../../bindings/constants.ts';
import { fchmodat, fchownat, makedev, mknodat, openat2, symlinkat } from '../../bindings/files.ts';
import { moveMount, openTreeClone } from '../../bindings/mount.ts';
import { errnoOf, RuntimeError, step } from '../errors.ts';
import type { DevicePlan, DevicesPlan } from '../plan/devices.ts';
import { makeParent } from './paths.ts';

/** Makes all nodes and links. */
export function makeDevices(rootFd: number, { nodes, links }: DevicesPlan): void {
  for (const node of nodes) step(node.label, () => makeNode(rootFd, node));
  for (const { path, target } of links) {
    if (path === '/dev/core' && !existsSync(target)) continue;
    step(`default link ${path}`, () => makeLink(rootFd, path, target));
  }
}

function makeNode(rootFd: number, node: DevicePlan): void {
  const { parentFd, name } = makeParent(rootFd, node.path);
  const device = node.kind === K.S_IFIFO ? 0 : makedev(node.major, node.minor);
  try {
    mknodat(parentFd, name, node.kind | node.mode, device);
    if (node.uid !== 0 || node.gid !== 0) fchownat(parentFd, name, node.uid, node.gid);
    // chown takes the set-id bits away, and the mode is not to depend on the umask.
    fchmodat(parentFd, name, node.mode);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') checkExisting(parentFd, name, node);
    else if (errnoOf(error) === 'EPERM') bindNode(parentFd, name, node);
    else throw error;
  } finally {
    closeSync(parentFd);
  }
}

// config-linux.md: a file that is there and is not the device asked for is an error.
function checkExisting(parentFd: number, name: string, { kind, major, minor, path }: DevicePlan): void {
  const fd = openat2(parentFd, name, { flags: K.O_PATH | K.O_NOFOLLOW });
  const stat = fstatSync(fd);
  closeSync(fd);
  const isSame = (stat.mode & K.S_IFMT) === kind && (kind === K.S_IFIFO || stat.rdev === makedev(major, minor));
  if (isSame) return;
  const letter = kind === K.S_IFBLK ? 'block' : kind === K.S_IFIFO ? 'FIFO' : 'character';
  throw new RuntimeError(`${path} exists already and is not the ${letter} device ${major}:${minor}`);
}

// mknod(2) is not allowed in a user namespace: there the host's node of the same name is mounted over a file.
function bindNode(parentFd: number, name: string, { path, kind, major, minor }: DevicePlan): void {
  mknodat(parentFd, name, K.S_IFREG | 0o600);
  const treeFd = openTreeClone(K.AT_FDCWD, path, { recursive: false });
  const stat = fstatSync(treeFd);
  if ((stat.mode & K.S_IFMT) !== kind || stat.rdev !== makedev(major, minor)) {
    throw new RuntimeError(`the host's ${path} is not the device ${major}:${minor}, and mknod is not permitted here`);
  }
  const targetFd = openat2(parentFd, name, { flags: K.O_PATH | K.O_NOFOLLOW });
  moveMount(treeFd, targetFd, path);
  closeSync(targetFd);
  closeSync(treeFd);
}

function makeLink(rootFd: number, path: string, target: string): void {
  const { parentFd, name } = makeParent(rootFd, path);
  try {
    symlinkat(target, parentFd, name);
  } catch (error) {
    // The image or a mount has its own.
    if (errnoOf(error) !== 'EEXIST') throw error;
  } finally {
    closeSync(parentFd);
  }
}
