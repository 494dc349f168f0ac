// A profile as the program that the kernel runs at each system call. libseccomp knows the numbers of system calls and what
// to make of conditions.
import { closeSync, readSync } from '../../bindings/file-system.ts';
import { memfdCreate } from '../../bindings/files.ts';
import {
  architectureToken,
  type Conditions,
  conditionsOf,
  LIBSECCOMP,
  libseccompVersion,
  loadLibseccomp,
  NR_SCMP_ERROR,
  SeccompFilter,
  SyscallNames,
} from '../../bindings/libseccomp.ts';
import { fstatSync } from '../../bindings/stat.ts';
import { errnoOf, RuntimeError, step, toRuntimeError } from '../errors.ts';
import { debug } from '../log.ts';
import { SECCOMP_ACTIONS, type SeccompPlan, type SeccompRulePlan } from '../plan/seccomp.ts';
import { CONDITIONAL, divideRules, isDivisible, type RuleCalls, wholeRules } from './seccomp-groups.ts';
import { INSTRUCTION_SIZE, joinPrograms } from './seccomp-join.ts';

/** BPF_MAXINSNS. */
const MAX_INSTRUCTIONS = 4096;

/**
 * Makes the filter.
 * @param isDivided whether the system calls of an architecture may be divided among several programs
 * @returns an array of struct sock_filter
 * @throws RuntimeError if there is no libseccomp, or if it refuses a part of the profile
 */
export function buildFilter(plan: SeccompPlan, { isDivided = true } = {}): Uint8Array {
  checkLibrary();
  const tokens = architectureTokens(plan);
  const filter = joined(plan, {
    resolved: resolveRules(plan, tokens[0] ?? 0),
    tokens,
    isDivided,
  });
  const count = filter.length / INSTRUCTION_SIZE;
  if (count <= MAX_INSTRUCTIONS) return filter;
  // Then it's a little shorter.
  if (isDivided) return buildFilter(plan, { isDivided: false });
  const reason = `the profile makes ${count} instructions, the kernel takes at most ${MAX_INSTRUCTIONS}`;
  throw new RuntimeError(reason, { steps: [PROFILE] });
}

const PROFILE = '/linux/seccomp';

function checkLibrary(): void {
  try {
    loadLibseccomp();
  } catch (cause) {
    const hint = 'install the package libseccomp2 (Debian, Ubuntu) or libseccomp (Fedora)';
    throw new RuntimeError(`${LIBSECCOMP} cannot be loaded`, {
      steps: [PROFILE],
      hint,
      cause,
    });
  }
}

/** A rule for one system call. */
interface Rule {
  rule: SeccompRulePlan;
  /** It applies if all of one of these hold. */
  alternatives: Conditions[];
}

interface Resolved extends RuleCalls {
  rules: Rule[];
  table: SyscallNames;
}

function resolveRules(plan: SeccompPlan, native: number): Resolved {
  const names: string[] = [];
  const rules: Rule[] = [];
  const actions: number[] = [];
  for (const rule of plan.rules) {
    const planned = { rule, alternatives: rule.alternatives.map(conditionsOf) };
    const isPlain = planned.alternatives.length === 1 && planned.alternatives[0]?.count === 0;
    for (const name of rule.names) {
      names.push(name);
      rules.push(planned);
      actions.push(isPlain ? rule.action : CONDITIONAL);
    }
  }
  const table = new SyscallNames(names);
  const numbers = table.numbersOn(native);
  // As in runc: profiles list calls of later kernels.
  const unknown = names.filter((_, index) => numbers[index] === NR_SCMP_ERROR);
  if (unknown.length > 0) debug(() => `/linux/seccomp: libseccomp does not know ${unknown.join(', ')}: left out`);
  return { rules, names, table, numbers, actions };
}

/** The machine's own architecture comes first, and always. */
function architectureTokens({ architectures }: SeccompPlan): number[] {
  const native = architectureToken(process.arch === 'arm64' ? 'aarch64' : 'x86_64') ?? 0;
  const tokens = architectures.map(({ pointer, name }) => {
    const token = architectureToken(name);
    if (token === undefined) {
      throw new RuntimeError(`libseccomp ${libseccompVersion()} does not know it`, { steps: [pointer] });
    }
    step(pointer, () => checkByteOrder(token));
    return token;
  });
  return [...new Set([native, ...tokens])];
}

// __AUDIT_ARCH_LE
function checkByteOrder(token: number): void {
  if ((token & 0x40000000) === 0) throw new RuntimeError('has another byte order than this machine');
}

interface Inputs {
  resolved: Resolved;
  tokens: number[];
  isDivided: boolean;
}

// One filter for all architectures takes libseccomp more than twice as long as one for each.
function joined(plan: SeccompPlan, { resolved, tokens, isDivided }: Inputs): Uint8Array {
  const { table, numbers } = resolved;
  const programs = new Programs();
  try {
    const architectures = tokens.map((token, index) => {
      const divide = () => divideRules(resolved, token, index === 0 ? numbers : table.numbersOn(token));
      const { groups, ranges, multiplexed } = isDivided && isDivisible(token) ? divide() : wholeRules(resolved);
      const starts = groups.map((indexes, group) => {
        const guard = group === multiplexed ? guardFor(plan, tokens[0] ?? 0) : undefined;
        return programs.add(() => filterFor(plan, resolved, { token, indexes, guard }));
      });
      return {
        token,
        ranges: ranges.map(({ from, action, group }) => ({ from, action, start: starts[group] ?? 0 })),
      };
    });
    return joinPrograms(architectures, programs.read());
  } finally {
    programs.close();
  }
}

/** A rule that is there for libseccomp's sake. */
interface Guard {
  action: number;
  number: number;
}

// Where an architecture has a call only as a part of another one (accept(2) on x86), libseccomp 2.5 keeps an empty place
// for it, and if that's the first in a program, the program doesn't load the system call's number: no rule holds. One
// without conditions comes before it. The program isn't asked about this number.
function guardFor({ defaultAction }: SeccompPlan, native: number): Guard {
  const { SCMP_ACT_ALLOW, SCMP_ACT_KILL } = SECCOMP_ACTIONS;
  const action = defaultAction === SCMP_ACT_ALLOW ? SCMP_ACT_KILL : SCMP_ACT_ALLOW;
  return { action, number: new SyscallNames(['getpid']).numbersOn(native)[0] ?? 0 };
}

function filterFor(
  { defaultAction }: SeccompPlan,
  { rules, names, numbers }: Resolved,
  { token, indexes, guard }: { token: number; indexes: number[]; guard: Guard | undefined },
): SeccompFilter {
  const filter = step(PROFILE, () => new SeccompFilter(defaultAction, token));
  if (guard !== undefined) filter.addRule(guard.action, guard.number, conditionsOf([]));
  let at = 0;
  try {
    for (at of indexes) {
      const { rule, alternatives } = rules[at] as Rule;
      for (const conditions of alternatives) filter.addRule(rule.action, numbers[at] ?? 0, conditions);
    }
    return filter;
  } catch (error) {
    filter.release();
    throw refusedRule(error, `${rules[at]?.rule.pointer} (${names[at]})`);
  }
}

function refusedRule(error: unknown, place: string): unknown {
  const known = toRuntimeError(error);
  if (known === undefined) return error;
  const isTwice = errnoOf(error) === 'EEXIST';
  const hint = isTwice ? { hint: 'another rule has the same conditions and another action' } : {};
  return new RuntimeError(known.reason, {
    steps: [place],
    cause: error,
    ...hint,
  });
}

/** Programs, one behind the other. */
class Programs {
  readonly #fd = memfdCreate('seccomp');

  /** Appends one. Returns the index of its first instruction. */
  add(make: () => SeccompFilter): number {
    const start = fstatSync(this.#fd).size / INSTRUCTION_SIZE;
    const filter = make();
    try {
      step(PROFILE, () => filter.exportBpf(this.#fd));
      return start;
    } finally {
      filter.release();
    }
  }

  read(): Uint8Array {
    const programs = new Uint8Array(fstatSync(this.#fd).size);
    readSync(this.#fd, programs, 0, programs.length, 0);
    return programs;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
