// Where the container's cgroup is and which devices it may use.
import type { Config, DeviceRule, Resources } from '../bundle/config.ts';

export interface CgroupPlan {
  /** From cgroupsPath or the id; absolute: below the mount point; relative: below the runtime's own cgroup. */
  path: string;
  isAbsolute: boolean;
  /** linux.resources.devices, in order. */
  devices: DeviceRule[];
  /** What else linux.resources asks for; undefined if it asks for nothing. */
  resources: Resources | undefined;
}

/** Decides on the cgroup of container `id`. */
export function planCgroup(config: Config, id: string): CgroupPlan {
  const configured = config.linux?.cgroupsPath ?? '';
  const path = configured === '' ? id : configured;
  const { devices = [], ...resources } = config.linux?.resources ?? {};
  return {
    path,
    isAbsolute: path.startsWith('/'),
    devices,
    resources: asksForSomething(resources) ? resources : undefined,
  };
}

// Managers write objects whose members are all null or empty.
function asksForSomething(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  return typeof value !== 'object' || Object.values(value).some(asksForSomething);
}
