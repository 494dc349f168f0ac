// Where the container's cgroup is and which devices it may use.
import type { Config, DeviceRule, Resources } from '../bundle/config.ts';

export interface CgroupPlan {
  /** From cgroupsPath or the id; absolute: below the mount point; relative: below the runtime's own cgroup. */
  path: string;
  isAbsolute: boolean;
  /** Whether the config has a cgroupsPath. */
  isConfigured: boolean;
  /** linux.resources.devices, in order. */
  devices: DeviceRule[];
  /** What else linux.resources asks for; undefined if it asks for nothing. */
  resources: Resources | undefined;
  /** The uid on the host that the v2 cgroup is given to; undefined leaves it to the runtime's. */
  owner: number | undefined;
}

/** Decides on the cgroup of container `id`. */
export function planCgroup(config: Config, id: string): CgroupPlan {
  const configured = config.linux?.cgroupsPath ?? '';
  const path = configured === '' ? id : configured;
  const { devices = [], ...resources } = config.linux?.resources ?? {};
  return {
    path,
    isAbsolute: path.startsWith('/'),
    isConfigured: configured !== '',
    devices,
    resources: asksForSomething(resources) ? resources : undefined,
    owner: ownerOf(config),
  };
}

// Managers write objects whose members are all null or empty.
function asksForSomething(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  return typeof value !== 'object' || Object.values(value).some(asksForSomething);
}

// config-linux.md, "Cgroup ownership": the user who executes the container process, if the container has a cgroup
// namespace of its own and may write to its cgroup file system.
function ownerOf({ linux = {}, mounts = [], process }: Config): number | undefined {
  const isNew = (wanted: string) =>
    linux.namespaces?.some(({ type, path = '' }) => type === wanted && path === '') === true;
  if (!isNew('cgroup')) return undefined;
  const isWritable = mounts.some(({ source, destination, options = [] }) => {
    return source === 'cgroup' && destination === '/sys/fs/cgroup' && !options.includes('ro');
  });
  if (!isWritable) return undefined;
  const uid = process?.user?.uid ?? 0;
  const isInUser = linux.namespaces?.some(({ type }) => type === 'user') === true;
  if (!isInUser) return uid === 0 ? undefined : uid;
  // The maps of a user namespace that is joined are somebody else's.
  const maps = isNew('user') ? (linux.uidMappings ?? []) : [];
  const map = maps.find(({ containerID, size }) => uid >= containerID && uid - containerID < size);
  return map === undefined ? undefined : map.hostID + (uid - map.containerID);
}
