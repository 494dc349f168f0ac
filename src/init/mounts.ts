// Carries out the mount plan: each mount is made detached, then attached to a descriptor of its mount point.
import { closeSync, fstatSync } from 'node:fs';
import * as K from '../../bindings/constants.ts';
import { openat2 } from '../../bindings/files.ts';
import {
  fsconfigCreate,
  fsconfigSet,
  fsmount,
  fsopen,
  mount,
  mountSetattr,
  moveMount,
  openTreeClone,
} from '../../bindings/mount.ts';
import { RuntimeError, step } from '../errors.ts';
import type { MountPlan } from '../plan/mounts.ts';
import { copyTree } from './copy-up.ts';
import { isDirectory, makePath, openPath } from './paths.ts';

/**
 * Makes one mount in the container's root.
 * @returns the mount's descriptor where it must be made read-only later
 */
export function makeMount(rootFd: number, plan: MountPlan): number | undefined {
  return step(`mount ${plan.label}`, () => {
    if (plan.kind === 'remount') {
      remount(rootFd, plan);
      return undefined;
    }
    const mountFd = plan.kind === 'bind' ? makeBind(rootFd, plan) : makeFileSystem(rootFd, plan);
    setLate(mountFd, plan);
    if (plan.readonlyLater) return mountFd;
    closeSync(mountFd);
    return undefined;
  });
}

function makeBind(rootFd: number, plan: MountPlan): number {
  const mountFd = openTreeClone(K.AT_FDCWD, plan.source, { recursive: plan.recursiveBind });
  const { set, clear } = plan.attributes;
  if (set !== 0 || clear !== 0) mountSetattr(mountFd, { set, clear }, plan.source);
  attach(rootFd, mountFd, plan.destination, isDirectory(mountFd) ? 'directory' : 'file');
  return mountFd;
}

/** Attaches a detached mount to a path of the container; the mount point is made if it's missing. */
export function attach(rootFd: number, mountFd: number, destination: string, kind: 'directory' | 'file'): void {
  const targetFd = makePath(rootFd, destination, kind);
  moveMount(mountFd, targetFd, destination);
  closeSync(targetFd);
}

// fsconfig(2) takes values of up to 255 characters, and no file system flag for these: mount(2) does.
function needsMountCall({ data, superblock }: MountPlan): boolean {
  return superblock.includes('iversion') || data.some((option) => option.length > 250);
}

function makeFileSystem(rootFd: number, plan: MountPlan): number {
  const modeBefore = plan.type === 'tmpfs' ? directoryMode(rootFd, plan) : undefined;
  const data = modeBefore === undefined ? plan.data : [...plan.data, `mode=${modeBefore.toString(8)}`];
  if (needsMountCall(plan)) return mountByPath(rootFd, { ...plan, data });
  const fsFd = fsopen(plan.type);
  try {
    // A tmpfs that is read-only from the start could not get its mount points.
    for (const flag of plan.superblock) if (!(flag === 'ro' && plan.readonlyLater)) fsconfigSet(fsFd, flag);
    fsconfigSet(fsFd, 'source', plan.source);
    for (const option of data) setOption(fsFd, option);
    fsconfigCreate(fsFd, plan.type);
    const set = plan.readonlyLater ? plan.attributes.set & ~K.MOUNT_ATTR_RDONLY : plan.attributes.set;
    const mountFd = fsmount(fsFd, set, plan.type);
    if (plan.copyUp) copyUp(rootFd, mountFd, plan);
    attach(rootFd, mountFd, plan.destination, 'directory');
    return mountFd;
  } finally {
    closeSync(fsFd);
  }
}

function setOption(fsFd: number, option: string): void {
  const equals = option.indexOf('=');
  if (equals < 0) fsconfigSet(fsFd, option);
  else fsconfigSet(fsFd, option.slice(0, equals), option.slice(equals + 1));
}

// A tmpfs over an existing directory looks like that directory, unless the config says otherwise.
function directoryMode(rootFd: number, { data, destination }: MountPlan): number | undefined {
  if (data.some((option) => option.startsWith('mode='))) return undefined;
  const fd = openPath(rootFd, destination);
  if (fd === undefined) return undefined;
  const mode = fstatSync(fd).mode & 0o7777;
  closeSync(fd);
  return mode;
}

function copyUp(rootFd: number, mountFd: number, { destination, type }: MountPlan): void {
  if (type !== 'tmpfs') throw new RuntimeError('tmpcopyup is for tmpfs only');
  const sourceFd = openPath(rootFd, destination);
  if (sourceFd === undefined) return;
  step('tmpcopyup', () => copyTree(sourceFd, mountFd));
  closeSync(sourceFd);
}

const SUPERBLOCK_FLAGS: Record<string, number> = {
  ro: K.MS_RDONLY,
  sync: K.MS_SYNCHRONOUS,
  dirsync: K.MS_DIRSYNC,
  mand: K.MS_MANDLOCK,
  lazytime: K.MS_LAZYTIME,
  iversion: K.MS_I_VERSION,
};

function superblockFlags({ superblock }: MountPlan): number {
  return superblock.reduce((flags, name) => flags | (SUPERBLOCK_FLAGS[name] ?? 0), 0);
}

function mountByPath(rootFd: number, plan: MountPlan): number {
  const targetFd = makePath(rootFd, plan.destination, 'directory');
  const target = `/proc/self/fd/${targetFd}`;
  const data = plan.data.join(',');
  mount({ source: plan.source, target, type: plan.type, flags: superblockFlags(plan), data });
  closeSync(targetFd);
  const mountFd = openMounted(rootFd, plan.destination);
  mountSetattr(mountFd, { set: plan.attributes.set, clear: plan.attributes.clear }, plan.destination);
  return mountFd;
}

function openMounted(rootFd: number, destination: string): number {
  const fd = openPath(rootFd, destination);
  if (fd === undefined) throw new RuntimeError(`${destination} does not exist`);
  return fd;
}

// Recursive attributes and propagation apply to the attached mount and what is below it.
function setLate(mountFd: number, plan: MountPlan): void {
  const { set, clear } = plan.recursiveAttributes;
  if (set !== 0 || clear !== 0) mountSetattr(mountFd, { set, clear, recursive: true }, plan.destination);
  for (const { flag, recursive } of plan.propagation) {
    mountSetattr(mountFd, { propagation: flag, recursive }, plan.destination);
  }
}

// "remount": new options for a mount that is there already, mount(8).
function remount(rootFd: number, plan: MountPlan): void {
  const mountFd = openMounted(rootFd, plan.destination);
  const changesFileSystem = plan.data.length > 0 || plan.superblock.some((flag) => flag !== 'ro');
  if (changesFileSystem) {
    const target = `/proc/self/fd/${mountFd}`;
    mount({ source: plan.source, target, flags: K.MS_REMOUNT | superblockFlags(plan), data: plan.data.join(',') });
  }
  mountSetattr(mountFd, { set: plan.attributes.set, clear: plan.attributes.clear }, plan.destination);
  setLate(mountFd, plan);
  closeSync(mountFd);
}

/** Opens a file of the host for a mount over something in the container (O_PATH). */
export function openHost(path: string): number {
  return openat2(K.AT_FDCWD, path, { flags: K.O_PATH });
}
