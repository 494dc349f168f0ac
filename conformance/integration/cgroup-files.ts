// Where a container's cgroup is, whichever versions of cgroups the host has: looked up in /proc, outside and inside.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MountLine, parseMountinfo, readText } from './host.ts';

/** What a controller is called in both versions. */
export const V2_NAMES: Readonly<Record<string, string>> = { blkio: 'io', cpuacct: 'cpu' };

export interface ControllerPlace {
  version: 1 | 2;
  /** The container's folder on the host. */
  outside: string;
  /** The same folder as the container's own mount shows it, reached from the host; undefined if it isn't mounted there. */
  inside: string | undefined;
}

const hostMounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));

/** The version of the hierarchy that has a controller (by its v1 name); undefined if none has it. */
export function versionOf(controller: string): 1 | 2 | undefined {
  if (v1Mount(hostMounts, controller) !== undefined) return 1;
  const v2 = hostMounts.find(({ type }) => type === 'cgroup2');
  if (v2 === undefined) return undefined;
  if (controller === 'freezer' || controller === 'devices') return 2;
  const names = readText(join(v2.target, 'cgroup.controllers')).trim().split(' ');
  return names.includes(V2_NAMES[controller] ?? controller) ? 2 : undefined;
}

/** Why tests of a controller are skipped here; undefined if they aren't. */
export function withoutController(controller: string): string | undefined {
  return versionOf(controller) === undefined ? `the host has no cgroup controller ${controller}` : undefined;
}

/** Where a process is in the hierarchy of a controller. */
export function placeOf(pid: number, controller: string): ControllerPlace {
  const version = versionOf(controller);
  const mounts = parseMountinfo(readText(`/proc/${pid}/mountinfo`));
  const find = (lines: MountLine[]) =>
    version === 1 ? v1Mount(lines, controller) : lines.find(({ type }) => type === 'cgroup2');
  const host = find(hostMounts);
  if (version === undefined || host === undefined) throw new Error(`no controller ${controller}`);
  const inside = find(mounts.filter(({ target }) => target.startsWith('/sys/fs/cgroup')));
  const path = pathOf(pid, version === 1 ? controller : '');
  const from = (root: string): string => path.slice(root === '/' ? 0 : root.length);
  return {
    version,
    outside: join(host.target, from(host.root)),
    // A container that has the host's cgroup namespace may see all of the hierarchy.
    inside: inside && join(`/proc/${pid}/root`, inside.target, from(inside.root)),
  };
}

/** The folders of a process in all hierarchies. */
export function foldersOf(pid: number): string[] {
  const mounts = hostMounts.filter(({ type }) => type === 'cgroup' || type === 'cgroup2');
  return mounts.map((mount) => {
    const controller =
      mount.type === 'cgroup2' ? '' : (mount.superOptions.find((name) => pathOf(pid, name) !== '') ?? '');
    return join(mount.target, pathOf(pid, controller).slice(mount.root === '/' ? 0 : mount.root.length));
  });
}

/** A file of a cgroup without its line feed. */
export function contentOf(folder: string, file: string): string {
  return readFileSync(join(folder, file), 'utf8').trimEnd();
}

/** Sizes of huge pages that a cgroup can limit. */
export function hugePageSizes(folder: string): string[] {
  return readdirSync(folder).flatMap((file) => /^hugetlb\.(\w+)\.(?:max|limit_in_bytes)$/.exec(file)?.[1] ?? []);
}

function v1Mount(mounts: MountLine[], controller: string): MountLine | undefined {
  return mounts.find(({ type, superOptions }) => type === 'cgroup' && superOptions.includes(controller));
}

// proc_pid_cgroup(5): "ID:CONTROLLERS:PATH", of v2 "0::PATH".
function pathOf(pid: number, controller: string): string {
  for (const line of readText(`/proc/${pid}/cgroup`).split('\n')) {
    const [, names = '', ...path] = line.split(':');
    if (line !== '' && names.split(',').includes(controller)) return path.join(':');
  }
  return '';
}
