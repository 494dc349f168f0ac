// The meaning of a config: what it must satisfy beyond types and ranges, as a list of small named rules.
import type { Config } from '../bundle/config.ts';
import type { ConfigProblem } from '../errors.ts';
import { each, type Rule } from './problem.ts';
import { deviceRules, deviceWarnings } from './rules/devices.ts';
import { hookRules, hookWarnings } from './rules/hooks.ts';
import { idMappingRules } from './rules/id-mappings.ts';
import { mountRules, mountWarnings } from './rules/mounts.ts';
import { namespaceRules } from './rules/namespaces.ts';
import { netDeviceRules } from './rules/net-devices.ts';
import { cacheSchemaWarnings, platformRules } from './rules/platform.ts';
import { processRules } from './rules/process.ts';
import { resourceRules } from './rules/resources.ts';
import { schedulingRules } from './rules/scheduling.ts';
import { seccompRules } from './rules/seccomp.ts';
import { sysctlRules } from './rules/sysctl.ts';
import { versionRules, versionWarnings } from './rules/version.ts';

export const RULES: Rule[] = [
  ...versionRules,
  ...mountRules,
  ...processRules,
  ...schedulingRules,
  ...hookRules,
  ...platformRules,
  ...namespaceRules,
  ...idMappingRules,
  ...deviceRules,
  ...netDeviceRules,
  ...resourceRules,
  ...sysctlRules,
  ...seccompRules,
];

/**
 * The problems that the rules find. A rule that looks at a place where the schema found a problem is skipped: there,
 * values may not have the types that the rule relies on, and what it says would be noise.
 */
export function ruleProblems(config: Config, schemaProblems: ConfigProblem[] = []): ConfigProblem[] {
  const broken = schemaProblems.map(({ pointer }) => pointer);
  const isSound = ({ reads }: Rule) => !reads.some((place) => broken.some((pointer) => overlap(place, pointer)));
  const rules = broken.length === 0 ? RULES : RULES.filter(isSound);
  return each(rules, (rule) => rule.check(config));
}

function overlap(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

const WARNINGS = [versionWarnings, mountWarnings, hookWarnings, deviceWarnings, cacheSchemaWarnings];

/**
 * What is accepted, but deprecated or not as it should be. What cannot be granted, such as unknown capabilities, is
 * warned about where that is found out (plan/capabilities.ts).
 */
export function warnings(config: Config): string[] {
  return each(WARNINGS, (warn) => warn(config));
}
