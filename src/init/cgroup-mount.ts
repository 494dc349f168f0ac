// Mounts of type "cgroup": the container sees its own cgroup, in the layout that the host has (v1, hybrid, v2).
import { closeSync } from 'node:fs';
import { basename } from 'node:path';
import * as K from '../../bindings/constants.ts';
import { symlinkat } from '../../bindings/files.ts';
import { fsconfigCreate, fsconfigSet, fsmount, fsopen, mountSetattr, openTreeClone } from '../../bindings/mount.ts';
import type { PlacedCgroup } from '../cgroup/cgroup.ts';
import { errnoOf, step } from '../errors.ts';
import type { MountPlan } from '../plan/mounts.ts';
import { attach, makeMount } from './mounts.ts';
import { openPath } from './paths.ts';

export interface CgroupMountOptions {
  placed: PlacedCgroup[];
  /** With a cgroup namespace a new mount shows the container's cgroup as its root, cgroup_namespaces(7). */
  hasNamespace: boolean;
}

/** Mounts the container's view of its cgroup. */
export function makeCgroupMount(rootFd: number, plan: MountPlan, { placed, hasNamespace }: CgroupMountOptions): void {
  const v1 = placed.filter(({ hierarchy }) => hierarchy.version === 1);
  step(`mount ${plan.label}`, () => {
    if (v1.length === 0) {
      for (const place of placed) attach(rootFd, view(place, plan, hasNamespace), plan.destination, 'directory');
      return;
    }
    const tmpfs = { ...plan, kind: 'filesystem' as const, type: 'tmpfs', data: ['mode=755'], superblock: [] };
    const tmpfsFd = makeMount(rootFd, { ...tmpfs, source: 'tmpfs', readonlyLater: true });
    for (const place of v1) mountHierarchy(rootFd, plan, place, hasNamespace);
    if (tmpfsFd === undefined) return;
    if ((plan.attributes.set & K.MOUNT_ATTR_RDONLY) !== 0) mountSetattr(tmpfsFd, { set: K.MOUNT_ATTR_RDONLY });
    closeSync(tmpfsFd);
  });
}

function mountHierarchy(rootFd: number, plan: MountPlan, place: PlacedCgroup, hasNamespace: boolean): void {
  const { controllers, mountPoint } = place.hierarchy;
  const name = basename(mountPoint);
  attach(rootFd, view(place, plan, hasNamespace), `${plan.destination}/${name}`, 'directory');
  // Controllers that share a hierarchy (cpu,cpuacct) are found by their own names too.
  const others = controllers.filter((controller) => controller !== name && !controller.startsWith('name='));
  const folderFd = others.length === 0 ? undefined : openPath(rootFd, plan.destination);
  if (folderFd === undefined) return;
  for (const controller of others) link(name, folderFd, controller);
  closeSync(folderFd);
}

function link(target: string, folderFd: number, name: string): void {
  try {
    symlinkat(target, folderFd, name);
  } catch (error) {
    // The hierarchy's folder is called by one of its controllers already.
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

// A detached mount of the container's cgroup in one hierarchy.
function view({ hierarchy, directory }: PlacedCgroup, plan: MountPlan, hasNamespace: boolean): number {
  const { set, clear } = plan.attributes;
  if (!hasNamespace) {
    const treeFd = openTreeClone(K.AT_FDCWD, directory, { recursive: false });
    mountSetattr(treeFd, { set, clear }, directory);
    return treeFd;
  }
  const type = hierarchy.version === 2 ? 'cgroup2' : 'cgroup';
  const fsFd = fsopen(type);
  fsconfigSet(fsFd, 'source', 'cgroup');
  for (const controller of hierarchy.controllers) setController(fsFd, controller);
  fsconfigCreate(fsFd, type);
  const mountFd = fsmount(fsFd, set, type);
  closeSync(fsFd);
  return mountFd;
}

function setController(fsFd: number, controller: string): void {
  if (!controller.startsWith('name=')) {
    fsconfigSet(fsFd, controller);
    return;
  }
  fsconfigSet(fsFd, 'none');
  fsconfigSet(fsFd, 'name', controller.slice(5));
}
