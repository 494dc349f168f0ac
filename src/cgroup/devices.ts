// Which devices a container may use: rules for the v1 controller devices, or a program for cgroup v2.
import { writeFileSync } from '../../bindings/file-system.ts';
import type { DeviceRule } from '../bundle/config.ts';
import { RuntimeError, step } from '../errors.ts';
import type { PlacedCgroup } from './cgroup.ts';
import { type OrderedRule, orderRules, v1Line } from './device-rules.ts';

/**
 * Prepares the setting of device rules; what it needs is loaded now.
 * @param pointer the JSON pointer of the resources object
 * @returns sets them; without rules that does nothing, and the container may use what the cgroups above may
 * @throws RuntimeError if the host has no way to set them
 */
export async function prepareDevices(
  placed: PlacedCgroup[],
  devices: DeviceRule[],
  pointer: string,
): Promise<() => void> {
  if (devices.length === 0) return () => {};
  const rules = orderRules(devices, pointer);
  const v1 = placed.find(({ hierarchy }) => hierarchy.controllers.includes('devices'));
  if (v1 !== undefined) return () => writeRules(v1.directory, rules);
  const v2 = placed.find(({ hierarchy }) => hierarchy.version === 2);
  if (v2 === undefined) {
    throw new RuntimeError('the host has neither the cgroup v1 controller devices nor cgroup v2', {
      steps: [`${pointer}/devices`],
    });
  }
  const { attachRules } = await import('./attach-devices.ts');
  return () => step(`${pointer}/devices`, () => attachRules(v2.directory, rules));
}

function writeRules(directory: string, rules: OrderedRule[]): void {
  for (const rule of rules) {
    const file = rule.allow ? 'devices.allow' : 'devices.deny';
    step(rule.label, () => writeFileSync(`${directory}/${file}`, v1Line(rule)));
  }
}
