// linux.resources.devices as an ordered list of rules, the last of which that fits an access decides on it
// (config-linux.md, "Allowed Device list").
import type { DeviceRule } from '../bundle/config.ts';

export interface OrderedRule {
  allow: boolean;
  type: 'a' | 'b' | 'c';
  /** undefined: all. */
  major: number | undefined;
  minor: number | undefined;
  /** A composition of r, w and m. */
  access: string;
  /** For errors: the JSON pointer of the rule. */
  label: string;
}

const ALL = undefined;

// What every container may use whatever the config denies, so that the default devices and mknod stay usable:
// making any node, null zero full random urandom, tty console ptmx, pts/*.
const ALWAYS_ALLOWED: [type: 'b' | 'c', major: number | undefined, minor: number | undefined, access: string][] = [
  ['c', ALL, ALL, 'm'],
  ['b', ALL, ALL, 'm'],
  ['c', 1, 3, 'rwm'],
  ['c', 1, 5, 'rwm'],
  ['c', 1, 7, 'rwm'],
  ['c', 1, 8, 'rwm'],
  ['c', 1, 9, 'rwm'],
  ['c', 5, 0, 'rwm'],
  ['c', 5, 1, 'rwm'],
  ['c', 5, 2, 'rwm'],
  ['c', 136, ALL, 'rwm'],
];

/**
 * The rules of a config, and those for the default devices, which come last: rules for all devices would take them away.
 * What no rule names is denied: it's the list of what is allowed, whatever the cgroup above allows.
 * @param pointer the JSON pointer of the resources object
 */
export function orderRules(rules: DeviceRule[], pointer: string): OrderedRule[] {
  const configured = rules.map((rule, index) => orderRule(rule, `${pointer}/devices/${index}`));
  const always = ALWAYS_ALLOWED.map(([type, major, minor, access]) => {
    return { allow: true, type, major, minor, access, label: 'default devices' };
  });
  const [first] = configured;
  const isComplete = first === undefined || first.type === 'a';
  return [...(isComplete ? [] : [orderRule({ allow: false }, `${pointer}/devices`)]), ...configured, ...always];
}

function orderRule({ allow, type, major, minor, access }: DeviceRule, label: string): OrderedRule {
  const isForAll = type !== 'b' && type !== 'c';
  const numberOf = (value: DeviceRule['major']) => (value === undefined || value < 0 ? ALL : Number(value));
  return {
    allow,
    type: isForAll ? 'a' : type,
    // As the kernel reads an "a" in devices.allow: what follows it does not count.
    major: isForAll ? ALL : numberOf(major),
    minor: isForAll ? ALL : numberOf(minor),
    access: isForAll || access === undefined || access === '' ? 'rwm' : access,
    label,
  };
}

/** A rule as devices.allow and devices.deny take it (cgroup-v1/devices.rst). */
export function v1Line({ type, major, minor, access }: OrderedRule): string {
  return type === 'a' ? 'a' : `${type} ${major ?? '*'}:${minor ?? '*'} ${access}`;
}
