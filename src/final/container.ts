// The container's final program: from the engine's last moment to the user's program, as a list of system calls.
import * as K from '../../bindings/constants.ts';
import type { Plan } from '../plan/plan.ts';
import type { ProcessPlan } from '../plan/process.ts';
import type { Address } from './memory.ts';
import { Program } from './program.ts';
import { REPORT_SIZE } from './report.ts';
import { STEP } from './steps.ts';

export interface ContainerProgramInputs {
  /** The socket to the runtime: reports until it waits for `start`. */
  syncFd: number;
  /** The FIFOs of state/status.ts. */
  startFd: number;
  resultFd: number;
  /** The environment, HOME included. */
  env: string[];
}

/** Puts the final program of a container together. */
export function containerProgram(plan: Plan, inputs: ContainerProgramInputs): Program {
  const program = new Program();
  program.reportTo(inputs.syncFd);
  // The three descriptors below came across the first execve open; none survives the second.
  const firstOwn = 3 + plan.preserveFds;
  program.call('close_range', [firstOwn, 0xffffffff, K.CLOSE_RANGE_CLOEXEC], { step: STEP.closeDescriptors });
  resetSignals(program, plan);
  if (plan.newKeyring) joinKeyring(program, plan.id);
  if (plan.process !== undefined) takePrivileges(program, plan, plan.process);
  announce(program, inputs.syncFd);
  program.reportTo(inputs.resultFd);
  program.waitByte(inputs.startFd);
  if (plan.process !== undefined) execute(program, plan.process, inputs);
  // Without a process there is nothing to become, and `start` refuses.
  program.exit(1);
  return program;
}

// Across execve, handlers become the default action but ignored signals stay ignored.
function resetSignals(program: Program, { ignoredSignals }: Plan): void {
  if (ignoredSignals.length > 0) {
    const defaultAction = program.bytes(new Uint8Array(32), 8);
    for (const signal of ignoredSignals) {
      program.call('rt_sigaction', [signal, defaultAction, 0, 8], { step: STEP.signals });
    }
  }
  const emptyMask = program.bytes(new Uint8Array(8), 8);
  program.call('rt_sigprocmask', [K.SIG_SETMASK, emptyMask, 0, 8], { step: STEP.signals });
}

const ENOSYS = 38;
const EPERM = 1;

// keyrings(7): else the container would share the caller's keys. A kernel without keyrings has none to share.
function joinKeyring(program: Program, id: string): void {
  const name = program.string(`_ses.${id}`);
  program.call('keyctl', [K.KEYCTL_JOIN_SESSION_KEYRING, name], { step: STEP.keyring, ignoreErrnos: [ENOSYS] });
}

// The order matters: limits and the bounding set need capabilities, groups go before the uid, and changing the uid
// would drop the permitted set but for PR_SET_KEEPCAPS (capabilities(7), "Effect of user ID changes").
function takePrivileges(program: Program, plan: Plan, process: ProcessPlan): void {
  process.rlimits.forEach(({ resource, soft, hard }, index) => {
    const limits = program.bytes(words(soft, hard), 8);
    program.call('prlimit64', [0, resource, limits, 0], { step: STEP.rlimit + index });
  });
  program.call('umask', [process.umask], { step: STEP.umask });
  dropBounding(program, plan.lastCapability, process.capabilities.bounding);
  changeUser(program, process);
  setCapabilities(program, process);
  if (process.noNewPrivileges) {
    program.call('prctl', [K.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], { step: STEP.noNewPrivileges });
  }
}

function dropBounding(program: Program, last: number, bounding: bigint): void {
  for (let number = 0; number <= last; number++) {
    if ((bounding & (1n << BigInt(number))) !== 0n) continue;
    program.call('prctl', [K.PR_CAPBSET_DROP, number, 0, 0, 0], { step: STEP.bounding + number });
  }
}

function changeUser(program: Program, { uid, gid, additionalGids }: ProcessPlan): void {
  const groups = program.bytes(new Uint8Array(Uint32Array.from(additionalGids).buffer), 4);
  // user_namespaces(7): where setgroups is denied there are no groups to get rid of, and none were asked for.
  const ignoreErrnos = additionalGids.length === 0 ? [EPERM] : [];
  program.call('setgroups', [additionalGids.length, groups], { step: STEP.groups, ignoreErrnos });
  program.call('setresgid', [gid, gid, gid], { step: STEP.gid });
  program.call('prctl', [K.PR_SET_KEEPCAPS, 1, 0, 0, 0], { step: STEP.keepCapabilities });
  program.call('setresuid', [uid, uid, uid], { step: STEP.uid });
}

function setCapabilities(program: Program, { capabilities }: ProcessPlan): void {
  const { effective, permitted, inheritable, ambient } = capabilities;
  const header = program.bytes(new Uint8Array(Uint32Array.of(K.LINUX_CAPABILITY_VERSION_3, 0).buffer), 4);
  const sets = [effective, permitted, inheritable];
  const low = sets.map((mask) => Number(mask & 0xffffffffn));
  const high = sets.map((mask) => Number(mask >> 32n));
  const data = program.bytes(new Uint8Array(Uint32Array.from([...low, ...high]).buffer), 4);
  program.call('capset', [header, data], { step: STEP.capabilities });
  const ambientCall = (operation: number, number: number, step: number) =>
    program.call('prctl', [K.PR_CAP_AMBIENT, operation, number, 0, 0], { step });
  ambientCall(K.PR_CAP_AMBIENT_CLEAR_ALL, 0, STEP.clearAmbient);
  for (let number = 0; 1n << BigInt(number) <= ambient; number++) {
    if ((ambient & (1n << BigInt(number))) !== 0n) ambientCall(K.PR_CAP_AMBIENT_RAISE, number, STEP.ambient + number);
  }
}

// From here on the process outlives the runtime that made it.
function announce(program: Program, syncFd: number): void {
  program.call('prctl', [K.PR_SET_PDEATHSIG, 0, 0, 0, 0], { step: STEP.parentDeath });
  const ready: Address = program.bytes(new Uint8Array(REPORT_SIZE), 4);
  program.call('write', [syncFd, ready, REPORT_SIZE], { step: STEP.announce });
  program.call('close', [syncFd], { ignore: true });
}

function execute(program: Program, process: ProcessPlan, { env }: ContainerProgramInputs): void {
  program.execFirst(process.executables, program.stringArray(process.args), program.stringArray(env), STEP.execute);
}

function words(...values: bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values).buffer);
}
