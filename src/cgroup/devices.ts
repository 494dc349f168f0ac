// Which devices a container may use: rules for the v1 controller devices, or a program for cgroup v2.
import { O_WRONLY } from '../../bindings/constants.ts';
import { closeSync, openSync, readFileSync, writeSync } from '../../bindings/file-system.ts';
import { isInitialUserNamespace } from '../../bindings/user-namespace.ts';
import type { DeviceRule } from '../bundle/config.ts';
import { errnoOf, RuntimeError, step } from '../errors.ts';
import type { PlacedCgroup } from './cgroup.ts';
import { changes, listOf } from './device-list.ts';
import { type OrderedRule, orderRules, v1Line } from './device-rules.ts';
import type { LimitOptions } from './driver.ts';

/**
 * Prepares the setting of device rules; what it needs is loaded now.
 * @returns sets them; without rules that does nothing, and the container may use what the cgroups above may
 * @throws RuntimeError if the host has no way to set them
 */
export async function prepareDevices(
  placed: PlacedCgroup[],
  devices: DeviceRule[],
  { pointer, warn, setsBack }: LimitOptions,
): Promise<() => void> {
  if (devices.length === 0) return () => {};
  const rules = orderRules(devices, pointer);
  const v1 = placed.find(({ hierarchy }) => hierarchy.controllers.includes('devices'));
  if (v1 !== undefined) {
    const list = listOf(rules);
    // A container that runs must not find its devices denied for a moment.
    const changed = () =>
      setsBack === true ? changes(readFileSync(`${v1.directory}/devices.list`, 'latin1'), list) : undefined;
    return () => writeRules(v1.directory, changed() ?? rules);
  }
  const v2 = placed.find(({ hierarchy }) => hierarchy.version === 2);
  if (v2 === undefined) {
    throw new RuntimeError('the host has neither the cgroup v1 controller devices nor cgroup v2', {
      steps: [`${pointer}/devices`],
    });
  }
  const { attachRules } = await import('./attach-devices.ts');
  const attach = () => step(`${pointer}/devices`, () => attachRules(v2.directory, rules));
  return () => unlessUnprivileged(attach, () => warn(`${pointer}/devices is ignored: ${UNPRIVILEGED}`));
}

const UNPRIVILEGED = 'this user may not load device programs, but may not make or open devices of the host either';

// In a user namespace bpf(2) is refused. There device nodes can't be made, and those of the file systems that are mounted
// there can't be opened (user_namespaces(7)).
function unlessUnprivileged(attach: () => void, otherwise: () => void): void {
  try {
    attach();
  } catch (error) {
    if (errnoOf(error) !== 'EPERM' || (process.getuid?.() === 0 && isInitialUserNamespace())) throw error;
    otherwise();
  }
}

// There are a dozen of them in every container: each file is opened once.
function writeRules(directory: string, rules: OrderedRule[]): void {
  const open = new Map<string, number>();
  try {
    for (const rule of rules) {
      const path = `${directory}/${rule.allow ? 'devices.allow' : 'devices.deny'}`;
      step(rule.label, () => {
        const fd = open.get(path) ?? openSync(path, O_WRONLY);
        open.set(path, fd);
        writeLine(fd, path, v1Line(rule));
      });
    }
  } finally {
    for (const fd of open.values()) closeSync(fd);
  }
}

const encoder = new TextEncoder();

function writeLine(fd: number, path: string, line: string): void {
  try {
    writeSync(fd, encoder.encode(line));
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    const hint = HINTS[errno];
    const options = { errno, cause: error, ...(hint !== undefined && { hint }) };
    throw new RuntimeError(`write ${JSON.stringify(line)} to ${path}: ${errno}`, options);
  }
}

// cgroup-v1/devices.rst, "Hierarchy".
const HINTS: Record<string, string> = {
  EPERM: 'the cgroup above does not allow that',
  EINVAL: 'a cgroup with others below it keeps to what it has: all, or a list',
};
