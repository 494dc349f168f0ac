// A container's cgroups: made, entered, emptied and removed, one folder in each hierarchy that the host has mounted.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from '../../bindings/file-system.ts';
import { pollReadable } from '../../bindings/files.ts';
import { readdirSync } from '../../bindings/stat.ts';
import { ConfigError, errnoOf, RuntimeError, shorten, step } from '../errors.ts';
import type { CgroupPlan } from '../plan/cgroup.ts';
import { directoryOf, type Hierarchy, readHierarchies } from './hierarchies.ts';
import { type CgroupFolder, killAll } from './processes.ts';

export interface PlacedCgroup extends CgroupFolder {
  hierarchy: Hierarchy;
  /** Not the container's: it stays in the cgroup that the runtime is in (rootless.ts). */
  isInherited?: boolean;
}

/** The folders that the container's cgroup has in each hierarchy. Nothing is made yet. */
export function placeCgroup(plan: CgroupPlan): PlacedCgroup[] {
  const hierarchies = step('read /proc/self/mountinfo', readHierarchies);
  if (hierarchies.length === 0) {
    throw new RuntimeError('no cgroup file system is mounted', { hint: 'mount -t cgroup2 none /sys/fs/cgroup' });
  }
  return hierarchies.map((hierarchy) => {
    const directory = directoryOf(hierarchy, plan.path);
    checkNotRoot(hierarchy, directory, plan.path);
    return { hierarchy, directory, isOwn: !existsSync(directory) };
  });
}

// Limits and signals for the container would reach everything on the host.
function checkNotRoot({ mountPoint }: Hierarchy, directory: string, path: string): void {
  if (directory !== mountPoint) return;
  const rule = `must not lead to the root of a cgroup hierarchy (${mountPoint})`;
  throw new ConfigError([{ pointer: '/linux/cgroupsPath', value: JSON.stringify(shorten(path)), rule }]);
}

/**
 * Looks again, now that the container's id is taken, whether folders are there that seemed to be somebody else's: they may
 * have been those of a container with the same id, which was just being deleted.
 */
export function claimGone(placed: PlacedCgroup[]): void {
  for (const place of placed) place.isOwn ||= !existsSync(place.directory);
}

/** Makes the folders, parents included. An existing one is joined. */
export function makeCgroup(placed: PlacedCgroup[]): void {
  for (const place of placed) {
    const { directory, hierarchy } = place;
    step(`make cgroup ${directory}`, () => {
      mkdirSync(directory, { recursive: true });
      if (hierarchy.controllers.includes('cpuset')) inheritCpuset(place);
      checkNotFrozen(place);
    });
  }
}

// config-linux.md, Control groups: a frozen cgroup is an error. The container process would never come up in there.
function checkNotFrozen({ directory, hierarchy: { version, controllers, mountPoint }, isOwn }: PlacedCgroup): void {
  // Nothing is above a new one, or only the root, which can't be frozen.
  if (isOwn && parentOf(directory) === mountPoint) return;
  const file = version === 2 ? 'cgroup.events' : controllers.includes('freezer') ? 'freezer.state' : undefined;
  if (file === undefined || !/^FR|^frozen 1$/m.test(readFileSync(`${directory}/${file}`, 'latin1'))) return;
  throw new RuntimeError('the cgroup is frozen', { hint: 'thaw it and those above it, or choose another cgroupsPath' });
}

function parentOf(directory: string): string {
  return directory.slice(0, directory.lastIndexOf('/'));
}

// cgroup v1: a new cpuset is empty, and no process may enter it until it has CPUs and memory nodes
// (cgroup-v1/cpusets.rst). The parents' values are handed down.
function inheritCpuset({ directory, hierarchy, isOwn }: Pick<PlacedCgroup, 'directory' | 'hierarchy' | 'isOwn'>): void {
  if (directory === hierarchy.mountPoint) return;
  const parent = parentOf(directory);
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (!isOwn && readFileSync(`${directory}/${file}`, 'latin1').trim() !== '') continue;
    inheritCpuset({ directory: parent, hierarchy, isOwn: false });
    writeFileSync(`${directory}/${file}`, readFileSync(`${parent}/${file}`));
  }
}

/** The same for a container that exists: which hierarchy each of its folders is in. */
export function locateCgroup(folders: CgroupFolder[]): PlacedCgroup[] {
  const hierarchies = readHierarchies();
  return folders.flatMap((folder) => {
    const around = hierarchies.filter(({ mountPoint }) => folder.directory.startsWith(`${mountPoint}/`));
    // One may be mounted below another.
    const [hierarchy] = around.sort((a, b) => b.mountPoint.length - a.mountPoint.length);
    return hierarchy === undefined ? [] : [{ ...folder, hierarchy }];
  });
}

// A killed process leaves its cgroup a moment after it is gone from /proc.
const ATTEMPTS = 200;

/**
 * Removes the folders that were made for the container, with what the container made below. Processes that are still
 * in there are killed: without a pid namespace they outlive the container process.
 */
export function removeCgroup(folders: CgroupFolder[]): void {
  for (const { directory, isOwn } of folders) {
    if (isOwn) step(`remove cgroup ${directory}`, () => removeTree(directory, () => killAll(folders)));
  }
}

function removeTree(directory: string, empty: () => void): void {
  for (let attempt = 1; ; attempt++) {
    try {
      rmdirSync(directory);
      return;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT') return;
      if (errno !== 'EBUSY' || attempt === ATTEMPTS) throw error;
    }
    empty();
    removeChildren(directory, empty);
    // Not Bun.sleepSync, which starts a thread of the allocator.
    pollReadable([], Math.min(attempt, 20));
  }
}

function removeChildren(directory: string, empty: () => void): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(`${directory}/${entry.name}`, empty);
  }
}
