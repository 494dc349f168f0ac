// What the v1 controller devices makes of rules (cgroup-v1/devices.rst): "all" or "nothing", and a list of exceptions.
// Pure; what update would write to change one list into another.
import { RuntimeError } from '../errors.ts';
import type { OrderedRule } from './device-rules.ts';

export interface DeviceList {
  /** What holds for devices that are no exceptions. */
  isAllowed: boolean;
  exceptions: Map<string, OrderedRule>;
}

/**
 * The list that the kernel has after some rules. It takes an exception back only for the same numbers: a rule that takes
 * something out of a wider one would be passed over in silence.
 * @throws RuntimeError for such a rule. Making nodes does not count: it's always allowed.
 */
export function listOf(rules: OrderedRule[]): DeviceList {
  const exceptions: DeviceList['exceptions'] = new Map();
  let isAllowed = true;
  for (const rule of rules) {
    if (rule.type === 'a') {
      exceptions.clear();
      isAllowed = rule.allow;
    } else if (rule.allow !== isAllowed) put(exceptions, rule, [...(exceptions.get(keyOf(rule))?.access ?? '')]);
    else takeBack(exceptions, rule);
  }
  return { isAllowed, exceptions };
}

/** A device's numbers, as devices.list shows them. */
function keyOf({ type, major, minor }: Pick<OrderedRule, 'type' | 'major' | 'minor'>): string {
  return `${type} ${major ?? '*'}:${minor ?? '*'}`;
}

function put(exceptions: DeviceList['exceptions'], rule: OrderedRule, former: string[]): void {
  exceptions.set(keyOf(rule), { ...rule, access: [...new Set([...former, ...rule.access])].join('') });
}

function takeBack(exceptions: DeviceList['exceptions'], rule: OrderedRule): void {
  const overlapping = candidates(exceptions, rule).find((other) => overlaps(other, rule));
  if (overlapping !== undefined) {
    const verb = rule.allow ? 'allow part of what' : 'deny part of what';
    const reason = `cgroup v1 cannot ${verb} an earlier rule, ${overlapping.label}, ${rule.allow ? 'denies' : 'allows'}`;
    throw new RuntimeError(reason, { steps: [rule.label] });
  }
  const key = keyOf(rule);
  const same = exceptions.get(key);
  if (same === undefined) return;
  const access = without(same.access, rule.access);
  if (access === '') exceptions.delete(key);
  else exceptions.set(key, { ...same, access });
}

// There may be thousands of rules: only one with a wildcard has to be compared with all of them.
function candidates(exceptions: DeviceList['exceptions'], rule: OrderedRule): OrderedRule[] {
  const { type, major, minor } = rule;
  if (major === undefined || minor === undefined) {
    const key = keyOf(rule);
    return [...exceptions].filter(([other]) => other !== key).map(([, exception]) => exception);
  }
  const wider = [`${type} ${major}:*`, `${type} *:${minor}`, `${type} *:*`];
  return wider.flatMap((key) => exceptions.get(key) ?? []);
}

function overlaps(a: OrderedRule, b: OrderedRule): boolean {
  const meet = (one: number | undefined, other: number | undefined) =>
    one === undefined || other === undefined || one === other;
  const shares = [...a.access].some((letter) => letter !== 'm' && b.access.includes(letter));
  return a.type === b.type && meet(a.major, b.major) && meet(a.minor, b.minor) && shares;
}

function without(access: string, taken: string): string {
  return [...access].filter((letter) => !taken.includes(letter)).join('');
}

/**
 * The rules that change what devices.list shows into another list, without a moment in which a device is denied that is
 * allowed before and after.
 * @returns undefined if that can't be: for lists of what is denied, which devices.list doesn't show
 */
export function changes(shown: string, { isAllowed, exceptions }: DeviceList): OrderedRule[] | undefined {
  const former = parseList(shown);
  if (isAllowed || former === undefined) return undefined;
  const more = [...exceptions].map(([key, rule]) => ({ ...rule, access: without(rule.access, former.get(key) ?? '') }));
  const less = [...former].map(([key, access]) => {
    return { ...parseKey(key), allow: false, access: without(access, exceptions.get(key)?.access ?? ''), label: key };
  });
  return [...more, ...less].filter(({ access }) => access !== '');
}

function parseList(shown: string): Map<string, string> | undefined {
  const list = new Map<string, string>();
  for (const line of shown.split('\n').filter((text) => text !== '')) {
    const [, key = '', access = ''] = /^([bc] [\d*]+:[\d*]+) ([rwm]+)$/.exec(line) ?? [];
    // "a *:* rwm" is all; there may be exceptions.
    if (key === '') return undefined;
    list.set(key, access);
  }
  return list;
}

function parseKey(key: string): Pick<OrderedRule, 'type' | 'major' | 'minor'> {
  const [type, major, minor] = key.split(/[ :]/);
  const numberOf = (text: string | undefined) => (text === '*' ? undefined : Number(text));
  return { type: type === 'b' ? 'b' : 'c', major: numberOf(major), minor: numberOf(minor) };
}
