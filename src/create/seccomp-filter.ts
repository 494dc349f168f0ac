// A profile as the program that the kernel runs at each system call, made by libseccomp.
import { closeSync, readSync } from '../../bindings/file-system.ts';
import { memfdCreate } from '../../bindings/files.ts';
import {
  architectureToken,
  LIBSECCOMP,
  libseccompVersion,
  SeccompFilter,
  syscallOf,
} from '../../bindings/libseccomp.ts';
import { fstatSync } from '../../bindings/stat.ts';
import { errnoOf, RuntimeError, step, toRuntimeError } from '../errors.ts';
import { debug } from '../log.ts';
import type { SeccompPlan, SeccompRulePlan } from '../plan/seccomp.ts';
import { INSTRUCTION_SIZE, joinPrograms } from './seccomp-join.ts';

/** BPF_MAXINSNS. */
const MAX_INSTRUCTIONS = 4096;

/**
 * Makes the filter.
 * @returns an array of struct sock_filter
 * @throws RuntimeError if there is no libseccomp, or if it refuses a part of the profile
 */
export function buildFilter(plan: SeccompPlan): Uint8Array {
  const version = checkLibrary();
  const rules = resolveRules(plan);
  const tokens = architectureTokens(plan, version);
  // One filter for all architectures takes libseccomp more than twice as long as one for each.
  const programs = tokens.map((token) => ({ token, program: programFor(plan, rules, token) }));
  const filter = joinPrograms(programs);
  const count = filter.length / INSTRUCTION_SIZE;
  if (count <= MAX_INSTRUCTIONS) return filter;
  const reason = `the profile makes ${count} instructions, the kernel takes at most ${MAX_INSTRUCTIONS}`;
  throw new RuntimeError(reason, { steps: [PROFILE] });
}

const PROFILE = '/linux/seccomp';

function checkLibrary(): string {
  try {
    return libseccompVersion();
  } catch (cause) {
    const hint = 'install the package libseccomp2 (Debian, Ubuntu) or libseccomp (Fedora)';
    throw new RuntimeError(`${LIBSECCOMP} cannot be loaded`, { steps: [PROFILE], hint, cause });
  }
}

interface ResolvedRule {
  rule: SeccompRulePlan;
  name: string;
  /** The system call's number. */
  number: number;
}

// A name that libseccomp doesn't know is left out, as in runc: profiles list calls of later kernels.
function resolveRules({ rules }: SeccompPlan): ResolvedRule[] {
  const unknown: string[] = [];
  const resolved: ResolvedRule[] = [];
  for (const rule of rules) {
    for (const name of rule.names) {
      const number = syscallOf(name);
      if (number === undefined) unknown.push(name);
      else resolved.push({ rule, name, number });
    }
  }
  if (unknown.length > 0) debug(() => `/linux/seccomp: libseccomp does not know ${unknown.join(', ')}: left out`);
  // libseccomp keeps a list with ascending numbers and looks for the place from its start. What is said of one system
  // call stays in the profile's order.
  return resolved.sort((one, other) => placeOf(other) - placeOf(one));
}

// Calls that are one call on 32-bit architectures (socketcall(2), ipc(2)): a rule for one of them may stand in the way
// of a later rule for all, so all stay in the profile's order.
const MULTIPLEXED = new Set(
  `socketcall socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown
   setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg
   ipc semop semget semctl semtimedop msgsnd msgrcv msgget msgctl shmat shmdt shmget shmctl`.split(/\s+/),
);

const placeOf = ({ name, number }: ResolvedRule): number => (MULTIPLEXED.has(name) ? 0 : number);

/** The machine's own architecture comes first, and always. */
function architectureTokens({ architectures }: SeccompPlan, version: string): number[] {
  const native = architectureToken(process.arch === 'arm64' ? 'aarch64' : 'x86_64') ?? 0;
  const tokens = architectures.map(({ pointer, name }) => {
    const token = architectureToken(name);
    if (token === undefined) throw new RuntimeError(`libseccomp ${version} does not know it`, { steps: [pointer] });
    step(pointer, () => checkByteOrder(token));
    return token;
  });
  return [...new Set([native, ...tokens])];
}

// __AUDIT_ARCH_LE
function checkByteOrder(token: number): void {
  if ((token & 0x40000000) === 0) throw new RuntimeError('has another byte order than this machine');
}

function programFor(plan: SeccompPlan, rules: ResolvedRule[], token: number): Uint8Array {
  const filter = step(PROFILE, () => new SeccompFilter(plan.defaultAction, token));
  try {
    for (const resolved of rules) addRule(filter, resolved);
    return step(PROFILE, () => exported(filter));
  } finally {
    filter.release();
  }
}

function addRule(filter: SeccompFilter, { rule, name, number }: ResolvedRule): void {
  try {
    for (const comparisons of rule.alternatives) filter.addRule(rule.action, number, comparisons);
  } catch (error) {
    throw refusedRule(error, `${rule.pointer} (${name})`);
  }
}

function refusedRule(error: unknown, place: string): unknown {
  const known = toRuntimeError(error);
  if (known === undefined) return error;
  const isTwice = errnoOf(error) === 'EEXIST';
  const hint = isTwice ? { hint: 'another rule has the same conditions and another action' } : {};
  return new RuntimeError(known.reason, { steps: [place], cause: error, ...hint });
}

function exported(filter: SeccompFilter): Uint8Array {
  const fd = memfdCreate('seccomp');
  try {
    filter.exportBpf(fd);
    const program = new Uint8Array(fstatSync(fd).size);
    readSync(fd, program, 0, program.length, 0);
    return program;
  } finally {
    closeSync(fd);
  }
}
