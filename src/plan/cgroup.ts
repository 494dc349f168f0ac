// Where the container's cgroup is and which devices it may use.
import type { Config, DeviceRule, Resources } from '../bundle/config.ts';

export interface CgroupPlan {
  /** From cgroupsPath or the id; absolute: below the mount point; relative: below the runtime's own cgroup. */
  path: string;
  isAbsolute: boolean;
  /** Lines for devices.allow and devices.deny, in order (cgroup-v1/devices.rst). */
  deviceRules: { file: 'devices.allow' | 'devices.deny'; line: string; label: string }[];
  /** What else linux.resources asks for; undefined if it asks for nothing. */
  resources: Resources | undefined;
}

// What every container may use whatever the config denies, so that the default devices and mknod stay usable:
// null zero full random urandom, tty console ptmx, pts/*, and making any node.
const ALWAYS_ALLOWED = [
  'c *:* m',
  'b *:* m',
  'c 1:3 rwm',
  'c 1:5 rwm',
  'c 1:7 rwm',
  'c 1:8 rwm',
  'c 1:9 rwm',
  'c 5:0 rwm',
  'c 5:1 rwm',
  'c 5:2 rwm',
  'c 136:* rwm',
];

/** Decides on the cgroup of container `id`. */
export function planCgroup(config: Config, id: string): CgroupPlan {
  const configured = config.linux?.cgroupsPath ?? '';
  const path = configured === '' ? id : configured;
  const { devices = [], ...resources } = config.linux?.resources ?? {};
  return {
    path,
    isAbsolute: path.startsWith('/'),
    deviceRules: devices.length === 0 ? [] : deviceRules(devices),
    resources: asksForSomething(resources) ? resources : undefined,
  };
}

// Managers write objects whose members are all null or empty.
function asksForSomething(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  return typeof value !== 'object' || Object.values(value).some(asksForSomething);
}

function deviceRules(rules: DeviceRule[]): CgroupPlan['deviceRules'] {
  const configured = rules.map((rule, index) => ({
    file: rule.allow ? ('devices.allow' as const) : ('devices.deny' as const),
    line: deviceLine(rule),
    label: `/linux/resources/devices/${index}`,
  }));
  const always = ALWAYS_ALLOWED.map((line) => ({
    file: 'devices.allow' as const,
    line,
    label: 'default devices',
  }));
  // Rules for all devices replace the whole list, so the default devices come after them.
  return [...configured, ...always];
}

function deviceLine({ type, major, minor, access }: DeviceRule): string {
  const isAll = type === undefined || type === '' || type === 'a';
  // The kernel takes "a" alone and ignores what follows it.
  if (isAll) return 'a';
  const number = (value: DeviceRule['major']) => (value === undefined || value < 0 ? '*' : String(value));
  return `${type} ${number(major)}:${number(minor)} ${access === undefined || access === '' ? 'rwm' : access}`;
}
