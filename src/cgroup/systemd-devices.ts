// Device rules as properties of a scope, systemd.resource-control(5): what systemd may write when it writes the rules by
// itself. They allow at least what the rules allow, which hold beside them. Pure: rules to properties.

import type { DeviceRule } from '../bundle/config.ts';
import { type OrderedRule, orderRules } from './device-rules.ts';
import type { Property } from './systemd-properties.ts';

/**
 * The properties for the rules of a config. systemd knows only devices that are allowed, and forgets what is denied
 * beside them.
 */
export function deviceProperties(rules: DeviceRule[]): Property[] {
  const ordered = orderRules(rules, '');
  const start = ordered.findLastIndex(({ type }) => type === 'a');
  if (start < 0 || ordered[start]?.allow === true) return properties('auto', []);
  const allowed = ordered.slice(start + 1).filter(({ allow }) => allow);
  return properties('strict', allowed.flatMap(allowance));
}

function properties(policy: string, allowed: [string, string][]): Property[] {
  const list: Property = ['DeviceAllow', ['a(ss)', allowed]];
  // An empty list takes earlier ones away; systemd adds to what is there.
  const none: Property = ['DeviceAllow', ['a(ss)', []]];
  return [['DevicePolicy', ['s', policy]], none, ...(allowed.length > 0 ? [list] : [])];
}

function allowance({ type, major, minor, access }: OrderedRule): [string, string][] {
  const kind = type === 'b' ? 'block' : 'char';
  if (major === undefined) return [[`${kind}-*`, access]];
  // A minor number of all majors: systemd has no words for that.
  if (minor === undefined) return [[`${kind}-${major}`, access]];
  return [[`/dev/${kind}/${major}:${minor}`, access]];
}
