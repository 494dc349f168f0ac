// config.json's mounts as decided steps: what to mount where, with which attributes, in the order listed.
import * as K from '../../bindings/constants.ts';
import type { IdMapping, Mount } from '../bundle/config.ts';
import { ConfigError, shorten } from '../errors.ts';
import { contextOption } from './labels.ts';
import { optionEffect } from './mount-options.ts';

export interface IdmapPlan {
  isRecursive: boolean;
  /** undefined: those of the container's user namespace. */
  mappings: { uidMappings: IdMapping[]; gidMappings: IdMapping[] } | undefined;
}

export interface MountPlan {
  /** For errors: `/mounts/3 (tmpfs on /dev/shm)`. */
  label: string;
  kind: 'bind' | 'filesystem' | 'cgroup' | 'remount';
  type: string;
  /** Absolute host path for bind mounts; else whatever the file system makes of it. */
  source: string;
  /** Absolute path inside the container. */
  destination: string;
  recursiveBind: boolean;
  attributes: { set: number; clear: number };
  recursiveAttributes: { set: number; clear: number };
  propagation: { flag: number; recursive: boolean }[];
  /** File system flags by fsconfig(2)'s names: ro, sync, ... */
  superblock: string[];
  /** File system options: `size=64k`, `newinstance`. */
  data: string[];
  copyUp: boolean;
  /** The ids of its files are mapped, mount_setattr(2), "ID-mapped mounts". */
  idmap: IdmapPlan | undefined;
  /** Made read-only after all mounts and devices are in place, because those need to write to it. */
  readonlyLater: boolean;
}

export interface MountsOptions {
  /** Absolute path: relative bind sources start there. */
  bundle: string;
  /** Whether the container has a user namespace. */
  isInUser: boolean;
  mountLabel?: string | undefined;
}

/** The steps for all mounts. */
export function planMounts(mounts: Mount[], options: MountsOptions): MountPlan[] {
  return mounts.map((mount, index) => planMount(mount, `/mounts/${index}`, options));
}

function planMount(mount: Mount, pointer: string, { bundle, isInUser, mountLabel }: MountsOptions): MountPlan {
  const plan = emptyPlan(mount);
  for (const option of mount.options ?? []) applyOption(plan, option);
  addMappings(plan, mount);
  if (plan.idmap !== undefined) checkIdmap(plan, pointer, isInUser);
  plan.source = sourceOf(mount, plan, bundle);
  plan.label = `${pointer} (${plan.kind === 'bind' ? `bind of ${plan.source}` : plan.type} on ${plan.destination})`;
  if (plan.kind === 'filesystem') requireType(mount, pointer);
  if (plan.kind !== 'bind' && plan.kind !== 'remount')
    plan.data.push(...contextOption(mountLabel, plan.type, plan.data));
  // Devices and mount points are still to be made on it: config-linux.md's default devices, /dev/pts, ...
  plan.readonlyLater = plan.type === 'tmpfs' && plan.kind === 'filesystem' && plan.superblock.includes('ro');
  return plan;
}

function emptyPlan(mount: Mount): MountPlan {
  return {
    label: '',
    kind: mount.type === 'cgroup' || mount.type === 'cgroup2' ? 'cgroup' : 'filesystem',
    type: mount.type ?? 'none',
    source: mount.source ?? '',
    destination: absolute(mount.destination),
    recursiveBind: false,
    attributes: { set: 0, clear: 0 },
    recursiveAttributes: { set: 0, clear: 0 },
    propagation: [],
    superblock: [],
    data: [],
    copyUp: false,
    idmap: undefined,
    readonlyLater: false,
  };
}

// config.md: a relative destination is deprecated and means relative to "/".
function absolute(destination: string): string {
  return destination.startsWith('/') ? destination : `/${destination}`;
}

function applyOption(plan: MountPlan, option: string): void {
  const effect = optionEffect(option);
  if (effect === undefined) {
    if (option !== '') plan.data.push(option);
    return;
  }
  merge(plan.attributes, effect.set ?? 0, effect.clear ?? 0);
  merge(plan.recursiveAttributes, effect.recursiveSet ?? 0, effect.recursiveClear ?? 0);
  if (effect.superblock !== undefined && !plan.superblock.includes(effect.superblock)) {
    plan.superblock.push(effect.superblock);
  }
  if (effect.clears !== undefined) plan.superblock = plan.superblock.filter((flag) => flag !== effect.clears);
  // "remount,bind", in either order, changes the attributes of a bind mount: mount(8).
  if (effect.bind !== undefined && plan.kind !== 'remount') plan.kind = 'bind';
  if (effect.bind === 'rbind') plan.recursiveBind = true;
  if (effect.remount === true) plan.kind = 'remount';
  if (effect.copyUp === true) plan.copyUp = true;
  if (effect.idmap !== undefined) plan.idmap = { isRecursive: effect.idmap === 'ridmap', mappings: undefined };
  if (effect.propagation !== undefined) {
    plan.propagation.push({ flag: effect.propagation, recursive: effect.recursivePropagation ?? false });
  }
}

// Mappings without an option: the option is only there so that old runtimes notice (config.md, "Mounts").
function addMappings(plan: MountPlan, { uidMappings = [], gidMappings = [] }: Mount): void {
  if (uidMappings.length === 0) return;
  plan.idmap = { isRecursive: plan.idmap?.isRecursive ?? false, mappings: { uidMappings, gidMappings } };
}

// Only the runtime may use the mappings' user namespace, and only before the mount is attached.
function checkIdmap({ kind }: MountPlan, pointer: string, isInUser: boolean): void {
  if (kind === 'bind' || (kind === 'filesystem' && !isInUser)) return;
  const what = kind === 'filesystem' ? 'a new file system in a user namespace' : kind;
  const rule = `can't be id-mapped: that is for bind mounts, this is ${what}`;
  throw new ConfigError([{ pointer, rule }]);
}

// A later option overrides an earlier one. The access time mode stays in `clear`, as mount_setattr(2) wants it there.
function merge(into: { set: number; clear: number }, set: number, clear: number): void {
  into.set = (into.set & ~clear) | set;
  into.clear = (into.clear & ~set) | clear;
  if ((clear & K.MOUNT_ATTR__ATIME) !== 0) into.clear |= K.MOUNT_ATTR__ATIME;
}

function sourceOf(mount: Mount, plan: MountPlan, bundle: string): string {
  const source = mount.source ?? '';
  if (plan.kind !== 'bind') return source === '' ? plan.type : source;
  return source.startsWith('/') ? source : `${bundle}/${source}`;
}

function requireType(mount: Mount, pointer: string): void {
  if (mount.type !== undefined && mount.type !== '' && mount.type !== 'bind' && mount.type !== 'none') return;
  const rule = `is not a file system type; a bind mount needs "bind" or "rbind" in options`;
  const problem = { pointer: `${pointer}/type`, value: JSON.stringify(shorten(mount.type ?? '')), rule };
  throw new ConfigError([problem]);
}
