// Which devices a container may use: rules for the v1 controller devices, or a program for cgroup v2.
import { O_WRONLY } from '../../bindings/constants.ts';
import { closeSync, openSync, readFileSync, writeSync } from '../../bindings/file-system.ts';
import type { DeviceRule } from '../bundle/config.ts';
import { errnoOf, RuntimeError, step } from '../errors.ts';
import type { PlacedCgroup } from './cgroup.ts';
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
  { pointer, warn }: Pick<LimitOptions, 'pointer' | 'warn'>,
): Promise<() => void> {
  if (devices.length === 0) return () => {};
  const rules = orderRules(devices, pointer);
  const v1 = placed.find(({ hierarchy }) => hierarchy.controllers.includes('devices'));
  if (v1 !== undefined) {
    checkV1(rules);
    return () => writeRules(v1.directory, rules);
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
    const isInitial = /^\s*0\s+0\s+4294967295$/m.test(readFileSync('/proc/self/uid_map', 'latin1'));
    if (errnoOf(error) !== 'EPERM' || (isInitial && process.getuid?.() === 0)) throw error;
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
        writeSync(fd, encoder.encode(v1Line(rule)));
      });
    }
  } finally {
    for (const fd of open.values()) closeSync(fd);
  }
}

const encoder = new TextEncoder();

/**
 * cgroup-v1/devices.rst: the kernel keeps a list of exceptions from "all" or "nothing", and takes a rule back only as a
 * whole. A rule that takes something out of an earlier, wider one would be passed over in silence.
 * @throws RuntimeError for such a rule. Making nodes does not count: it's always allowed.
 */
export function checkV1(rules: OrderedRule[]): void {
  let exceptions: OrderedRule[] = [];
  let isAllowed = true;
  for (const rule of rules) {
    if (rule.type === 'a') {
      exceptions = [];
      isAllowed = rule.allow;
    } else if (rule.allow !== isAllowed) exceptions.push(rule);
    else {
      const wider = exceptions.find((other) => overlaps(other, rule) && !isSame(other, rule));
      if (wider !== undefined) {
        const verb = rule.allow ? 'allow part of what' : 'deny part of what';
        const reason = `cgroup v1 cannot ${verb} an earlier rule, ${wider.label}, ${rule.allow ? 'denies' : 'allows'}`;
        throw new RuntimeError(reason, { steps: [rule.label] });
      }
    }
  }
}

function isSame(a: OrderedRule, b: OrderedRule): boolean {
  return a.type === b.type && a.major === b.major && a.minor === b.minor;
}

function overlaps(a: OrderedRule, b: OrderedRule): boolean {
  const meet = (one: number | undefined, other: number | undefined) =>
    one === undefined || other === undefined || one === other;
  const shares = [...a.access].some((letter) => letter !== 'm' && b.access.includes(letter));
  return a.type === b.type && meet(a.major, b.major) && meet(a.minor, b.minor) && shares;
}
