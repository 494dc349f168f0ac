// The mount plan as calls: each mount is made detached, then attached to a descriptor of its mount point.
import * as K from '../../bindings/constants.ts';
import type { Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';
import type { MountPlan } from '../plan/mounts.ts';
import { copyOpened, copySource, mapIds } from './bind-source.ts';
import { newFileSystem } from './file-systems.ts';
import { attach, copyTreeOf, setAttributes } from './mount-calls.ts';
import { IN_ROOT, IN_ROOT_PLAIN, type Root } from './paths.ts';
import { type OpenedSource, takeSource } from './sources.ts';

/** What the plan can't know and the runtime has looked up on the host. */
export interface MountFacts {
  /** Bind mounts: whether the source is a directory. */
  isDirectory: boolean;
  /** A tmpfs without a mode option: the mode of the directory that it covers. */
  coveredMode: number | undefined;
}

/**
 * Takes the copies for bind mounts that share with the host (config.md, "rshared"): while the host's mounts are still
 * shared with us, so that the copies are too.
 * @returns the slots with the copies, by index in the plan
 */
export function copyShared(script: Script, plans: MountPlan[], idMaps: ReadonlyMap<number, number>): Map<number, Slot> {
  const copies = new Map<number, Slot>();
  plans.forEach((plan, index) => {
    if (plan.kind !== 'bind' || !plan.propagation.some(({ flag }) => flag === K.MS_SHARED)) return;
    const copy = script.slot();
    script.within(`mount ${plan.label}`, () => copySource(script, plan, idMaps.get(index), copy));
    copies.set(index, copy);
  });
  return copies;
}

/** What has been prepared for a mount. */
export interface Prepared {
  /** Holds the copy of a bind mount's source, if it has been taken already; its ids are mapped then. */
  copy?: Slot | undefined;
  /** Its source, if that has been opened for the root of a user namespace. */
  source?: OpenedSource | undefined;
  /** The descriptor of the user namespace that an id-mapped mount takes its mappings from. */
  idMap?: number | undefined;
}

/**
 * Makes one mount.
 * @returns the slot with its descriptor if it's to be made read-only later
 */
export function makeMount(root: Root, plan: MountPlan, facts: MountFacts, prepared: Prepared = {}): Slot | undefined {
  const { script } = root;
  const mount = prepared.copy ?? script.slot();
  script.begin(`mount ${plan.label}`);
  if (plan.kind === 'remount') remount(root, plan, mount);
  else if (plan.kind === 'bind') makeBind(root, plan, mount, { ...facts, ...prepared });
  else makeFileSystem(root, plan, mount, { ...facts, ...prepared });
  applyLate(script, plan, mount);
  script.end();
  const isFresh = plan.type === 'tmpfs' && plan.kind === 'filesystem' && !plan.copyUp;
  const isKept = isFresh && root.noteFresh(plan.destination, mount);
  if (plan.readonlyLater) return mount;
  if (!isKept) script.release(mount);
  return undefined;
}

function makeBind(root: Root, plan: MountPlan, mount: Slot, given: MountFacts & Prepared): void {
  const { script } = root;
  const { isDirectory, copy, source, idMap } = given;
  if (source?.as === 'path') copyOpened(script, plan, source.number, mount);
  else if (source !== undefined) takeSource(script, source.number, mount);
  else if (copy === undefined) copySource(script, plan, idMap, mount);
  const { set, clear } = plan.attributes;
  if (set !== 0 || clear !== 0) setAttributes(script, mount, { set, clear }, plan.source);
  const target = attachAt(root, mount, plan.destination, isDirectory ? 'directory' : 'file');
  const isEarly = copy !== undefined || (source !== undefined && source.as !== 'path');
  if (isEarly && isDirectory) replaceByCopy(script, plan, mount, target);
  script.release(target);
}

// A copy that was taken early is listed early in mountinfo, which is in the order of making. A copy that is taken of it
// now, in its place, shares with the same peers. (Not for files, which can't be the working directory.)
function replaceByCopy(
  script: Script,
  { destination: path, recursiveBind }: MountPlan,
  mount: Slot,
  target: Slot,
): void {
  script.call('fchdir', [mount], { path });
  script.release(mount);
  copyTreeOf(script, K.AT_FDCWD, mount, recursiveBind, path);
  // An unmount of what is shared would reach the host's mounts below.
  setAttributes(script, K.AT_FDCWD, { propagation: K.MS_PRIVATE, recursive: true }, path);
  script.call('umount2', [script.string('.'), K.MNT_DETACH], { path });
  attach(script, mount, target, path);
}

/**
 * Attaches a detached mount to a path of the container; the mount point is made if it's missing.
 * @returns the slot with the mount point's descriptor, which the caller releases
 */
export function attachAt(
  root: Root,
  mount: Slot,
  destination: string,
  entry: 'directory' | 'file',
  resolve = IN_ROOT,
): Slot {
  const target = root.script.slot();
  root.make(destination, entry, target, resolve);
  attach(root.script, mount, target, destination);
  return target;
}

// fsconfig(2) takes values of up to 255 characters, and has no flag for iversion: mount(2) does.
function needsMountCall({ data, superblock }: MountPlan): boolean {
  return superblock.includes('iversion') || data.some((option) => option.length > 250);
}

function makeFileSystem(
  root: Root,
  given: MountPlan,
  mount: Slot,
  { coveredMode, idMap }: MountFacts & Prepared,
): void {
  const { script } = root;
  let plan = given.readonlyLater ? writable(given) : given;
  if (coveredMode !== undefined) plan = { ...plan, data: [...plan.data, `mode=${coveredMode.toString(8)}`] };
  if (plan.copyUp) script.ask({ type: 'copyUpFrom', path: plan.destination });
  if (needsMountCall(plan)) mountByPath(root, plan, mount);
  else {
    const { type, source, superblock, data, attributes } = plan;
    newFileSystem(script, root.fileSystems, { type, source, options: [...superblock, ...data], ...attributes }, mount);
    if (idMap !== undefined) mapIds(script, plan, idMap, mount);
    script.release(attachAt(root, mount, plan.destination, 'directory', resolveFor(plan)));
  }
  if (plan.copyUp) script.ask({ type: 'copyUpTo', path: plan.destination });
}

// A tmpfs that is read-only from the start could not get its mount points.
function writable(plan: MountPlan): MountPlan {
  const set = plan.attributes.set & ~K.MOUNT_ATTR_RDONLY;
  const superblock = plan.superblock.filter((flag) => flag !== 'ro');
  return { ...plan, superblock, attributes: { ...plan.attributes, set } };
}

// Masked and read-only paths lie in proc and sysfs, and are looked up by name: a link in the image must not move these
// two to where somebody else can exchange them (CVE-2019-19921).
function resolveFor({ type }: MountPlan): number {
  return type === 'proc' || type === 'sysfs' ? IN_ROOT_PLAIN : IN_ROOT;
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

// mount(2) wants a path: the working directory is one that can't be exchanged meanwhile.
function mountByPath(root: Root, plan: MountPlan, mount: Slot): void {
  const { script } = root;
  const target = script.slot();
  root.make(plan.destination, 'directory', target);
  script.call('fchdir', [target], { path: plan.destination });
  const [source, here, type, data] = [plan.source, '.', plan.type, mountData(plan)].map((text) => script.string(text));
  if (source === undefined || here === undefined || type === undefined || data === undefined) return;
  script.call('mount', [source, here, type, superblockFlags(plan), data], { path: plan.destination });
  script.release(target);
  root.open(plan.destination, mount);
  setAttributes(script, mount, plan.attributes, plan.destination);
}

// SELinux takes labels in quotation marks, because they may have commas in them: mount(8), "context=".
function mountData({ data }: MountPlan): string {
  return data.map((option) => option.replace(/^context=([^"]*,.*)$/, 'context="$1"')).join(',');
}

/** Recursive attributes and propagation apply to the attached mount and what is below it. */
export function applyLate(script: Script, plan: MountPlan, mount: Slot): void {
  const { set, clear } = plan.recursiveAttributes;
  if (set !== 0 || clear !== 0) setAttributes(script, mount, { set, clear, recursive: true }, plan.destination);
  for (const { flag, recursive } of plan.propagation) {
    setAttributes(script, mount, { propagation: flag, recursive }, plan.destination);
  }
}

// "remount": new options for a mount that is there already, mount(8).
function remount(root: Root, plan: MountPlan, mount: Slot): void {
  const { script } = root;
  root.open(plan.destination, mount);
  const { set, clear } = plan.attributes;
  // With nothing to change, too: only the kernel knows whether a mount is there.
  if (plan.data.length > 0 || plan.superblock.some((flag) => flag !== 'ro') || (set === 0 && clear === 0)) {
    const flags = K.MS_REMOUNT | superblockFlags(plan);
    script.call('fchdir', [mount], { path: plan.destination });
    const data = script.string(mountData(plan));
    script.call('mount', [0, script.string('.'), 0, flags, data], { path: plan.destination });
  }
  setAttributes(script, mount, plan.attributes, plan.destination);
}
