// linux.seccomp as numbers (config-linux.md, "Seccomp"): what libseccomp and seccomp(2) are told.
import type { Comparison } from '../../bindings/libseccomp.ts';
import type { Seccomp, SeccompRule } from '../bundle/config.ts';

/** seccomp_init(3) and the kernel's SECCOMP_RET_*; an errno goes into the lower half. */
export const SECCOMP_ACTIONS = {
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_ALLOW: 0x7fff0000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
} as const;

/** enum scmp_compare, seccomp_rule_add(3). */
export const SECCOMP_OPERATORS = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
} as const;

/** seccomp(2). */
export const SECCOMP_FLAGS = {
  SECCOMP_FILTER_FLAG_TSYNC: 0x01,
  SECCOMP_FILTER_FLAG_LOG: 0x02,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 0x04,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 0x20,
} as const;

export const SECCOMP_ARCHITECTURES = (
  'X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X PARISC ' +
  'PARISC64 RISCV64 LOONGARCH64 M68K SH SHEB'
)
  .split(' ')
  .map((name) => `SCMP_ARCH_${name}`);

export interface SeccompPlan {
  defaultAction: number;
  /** `name` is libseccomp's: `x86_64`. */
  architectures: { pointer: string; name: string }[];
  rules: SeccompRulePlan[];
  /** SECCOMP_FILTER_FLAG_*, but for the listener's. */
  flags: number;
  /** Who answers SCMP_ACT_NOTIFY; undefined if the profile doesn't use it. */
  listener: { path: string; metadata: string | undefined } | undefined;
}

export interface SeccompRulePlan {
  pointer: string;
  names: string[];
  action: number;
  /** The rule applies if all comparisons of one of these hold. */
  alternatives: Comparison[][];
}

/** The plan for a profile; undefined without one. Warnings go to `warnings`. */
export function planSeccomp(seccomp: Seccomp | undefined, warnings: string[]): SeccompPlan | undefined {
  if (seccomp === undefined) return undefined;
  const { architectures = [], syscalls = [], listenerPath = '', listenerMetadata } = seccomp;
  const defaultAction = actionOf(seccomp.defaultAction, seccomp.defaultErrnoRet);
  const rules = syscalls.map(planRule);
  const notifies = [defaultAction, ...rules.map(({ action }) => action)].includes(SECCOMP_ACTIONS.SCMP_ACT_NOTIFY);
  return {
    defaultAction,
    architectures: architectures.map((name, index) => ({
      pointer: `/linux/seccomp/architectures/${index} (${name})`,
      name: name.replace('SCMP_ARCH_', '').toLowerCase(),
    })),
    // libseccomp refuses rules that change nothing.
    rules: rules.filter(({ action }) => action !== defaultAction),
    flags: flagsOf(seccomp.flags ?? [], notifies, warnings),
    listener: notifies ? { path: listenerPath, metadata: listenerMetadata } : undefined,
  };
}

const EPERM = 1;
const WITH_ERRNO = ['SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE'];

function actionOf(name: string, errno = EPERM): number {
  const action = numberOf(SECCOMP_ACTIONS, name);
  return WITH_ERRNO.includes(name) ? action + errno : action;
}

function planRule({ names, action, errnoRet, args = [] }: SeccompRule, index: number): SeccompRulePlan {
  const pointer = `/linux/seccomp/syscalls/${index}`;
  return {
    pointer,
    names,
    action: actionOf(action, errnoRet),
    alternatives: args.length === 0 ? [[]] : planArgs(args),
  };
}

function planArgs(args: NonNullable<SeccompRule['args']>): Comparison[][] {
  const comparisons = args.map(({ index: argument, value, valueTwo = 0, op }) => ({
    argument,
    operator: numberOf(SECCOMP_OPERATORS, op),
    a: BigInt(value),
    b: BigInt(valueTwo),
  }));
  // Of one argument libseccomp takes one comparison in a rule. Profiles that have several mean any of them, as in runc.
  const isOnce = new Set(args.map((one) => one.index)).size === args.length;
  return isOnce ? [comparisons] : comparisons.map((one) => [one]);
}

function flagsOf(names: string[], notifies: boolean, warnings: string[]): number {
  let flags = 0;
  names.forEach((name, index) => {
    const flag = numberOf(SECCOMP_FLAGS, name);
    // The kernel refuses it where nobody could ever wait.
    if (flag !== SECCOMP_FLAGS.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV || notifies) flags |= flag;
    else warnings.push(`/linux/seccomp/flags/${index}: ${name} has no effect without SCMP_ACT_NOTIFY, ignored`);
  });
  return flags;
}

function numberOf(table: Readonly<Record<string, number>>, name: string): number {
  const number = table[name];
  if (number === undefined) throw new Error(`the schema accepts ${name}, which has no number`);
  return number;
}
