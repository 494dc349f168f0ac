// config.json's mounts as decided steps: what to mount where, with which attributes, in the order listed.
import * as K from '../../bindings/constants.ts';
import type { Mount } from '../bundle/config.ts';
import { ConfigError, shorten } from '../errors.ts';
import { optionEffect } from './mount-options.ts';

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
  /** Made read-only after all mounts and devices are in place, because those need to write to it. */
  readonlyLater: boolean;
}

/** The steps for all mounts. `bundle` is the bundle's absolute path: relative bind sources start there. */
export function planMounts(mounts: Mount[], bundle: string): MountPlan[] {
  return mounts.map((mount, index) => planMount(mount, `/mounts/${index}`, bundle));
}

function planMount(mount: Mount, pointer: string, bundle: string): MountPlan {
  const plan = emptyPlan(mount);
  for (const option of mount.options ?? []) applyOption(plan, option);
  plan.source = sourceOf(mount, plan, bundle);
  plan.label = `${pointer} (${plan.kind === 'bind' ? `bind of ${plan.source}` : plan.type} on ${plan.destination})`;
  if (plan.kind === 'filesystem') requireType(mount, pointer);
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
  if (effect.propagation !== undefined) {
    plan.propagation.push({ flag: effect.propagation, recursive: effect.recursivePropagation ?? false });
  }
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
