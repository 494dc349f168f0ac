// The eBPF program that decides on every access to a device: cgroup v2 has no files for that (cgroup-v2.rst, "Device
// controller"). Pure: rules to instructions.
import { assembleBpf, type Instruction } from './bpf.ts';
import type { OrderedRule } from './device-rules.ts';

// include/uapi/linux/bpf.h: struct bpf_cgroup_dev_ctx { __u32 access_type, major, minor }, access_type is
// access << 16 | type.
const BITS: Record<string, number> = { m: 1, r: 2, w: 4 };
const EVERY_ACCESS = 7;
const TYPES = { b: 1, c: 2 };

// Registers: r0 is the result (1 allows), r1 the context.
const [RESULT, CONTEXT, TYPE, ACCESS, MAJOR, MINOR] = [0, 1, 2, 3, 4, 5];

/**
 * Assembles the program. As in cgroup v1 the last rule that fits decides, for each kind of access on its own; what no rule
 * fits is allowed as far as the cgroups above allow it. So it looks from the last rule to the first, with those
 * kinds of access that are still open.
 */
export function deviceProgram(rules: OrderedRule[]): Uint8Array {
  const instructions: Instruction[] = [
    { op: 'load', into: TYPE, from: CONTEXT, offset: 0 },
    { op: 'moveRegister', into: ACCESS, from: TYPE },
    { op: 'shiftRight', into: ACCESS, value: 16 },
    { op: 'and', into: TYPE, value: 0xffff },
    { op: 'load', into: MAJOR, from: CONTEXT, offset: 4 },
    { op: 'load', into: MINOR, from: CONTEXT, offset: 8 },
  ];
  for (let index = rules.length - 1; index >= 0; index--) {
    const rule = rules[index];
    if (rule === undefined) continue;
    instructions.push(...check(rule, index));
    // What comes before a rule for everything never decides, and the kernel refuses code that can't be reached.
    if (isForEverything(rule)) return assembleBpf(instructions);
  }
  return assembleBpf([...instructions, ...end(true)]);
}

function isForEverything({ type, access }: OrderedRule): boolean {
  return type === 'a' && maskOf(access) === EVERY_ACCESS;
}

function check(rule: OrderedRule, index: number): Instruction[] {
  const { allow, type, major, minor, access } = rule;
  const next = `next${index}`;
  const unless = (register: number, value: number): Instruction => ({ op: 'jumpIfNot', register, value, label: next });
  const mask = maskOf(access);
  if (isForEverything(rule)) return end(allow);
  return [
    ...(type === 'a' ? [] : [unless(TYPE, TYPES[type])]),
    ...(major === undefined ? [] : [unless(MAJOR, major)]),
    ...(minor === undefined ? [] : [unless(MINOR, minor)]),
    ...(allow ? allowed(mask, next) : denied(mask, next)),
    { op: 'label', label: next },
  ];
}

// The kinds of access that the rule allows are settled; nothing left, all allowed.
function allowed(mask: number, next: string): Instruction[] {
  if (mask === EVERY_ACCESS) return end(true);
  return [
    { op: 'and', into: ACCESS, value: EVERY_ACCESS & ~mask },
    { op: 'jumpIfNot', register: ACCESS, value: 0, label: next },
    ...end(true),
  ];
}

function denied(mask: number, next: string): Instruction[] {
  return [
    { op: 'moveRegister', into: RESULT, from: ACCESS },
    { op: 'and', into: RESULT, value: mask },
    { op: 'jumpIf', register: RESULT, value: 0, label: next },
    ...end(false),
  ];
}

function end(isAllowed: boolean): Instruction[] {
  return [{ op: 'move', into: RESULT, value: isAllowed ? 1 : 0 }, { op: 'exit' }];
}

function maskOf(access: string): number {
  let mask = 0;
  for (const letter of access) mask |= BITS[letter] ?? 0;
  return mask;
}
