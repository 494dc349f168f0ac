// Installs the seccomp filter: the last thing that the container process does before it becomes the user's program, so
// that the profile needs to allow next to nothing of the runtime's own.
import type { Address } from '../final/memory.ts';
import { SECCOMP_STEP } from '../final/report.ts';
import type { Script } from '../final/script.ts';
import { CAPABILITY_NAMES } from '../plan/capabilities.ts';
import type { Plan } from '../plan/plan.ts';
import type { ProcessPlan } from '../plan/process.ts';
import { SECCOMP_FLAGS } from '../plan/seccomp.ts';

const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_NEW_LISTENER = 0x08;
const INSTRUCTION_SIZE = 8;

type Rights = Pick<ProcessPlan, 'noNewPrivileges'>;

/**
 * What the process keeps of capabilities that the config doesn't give it: without no_new_privs a filter needs
 * CAP_SYS_ADMIN, seccomp(2). execve takes it away: what it computes does not depend on the permitted and effective sets
 * before, capabilities(7), "Transformation of capabilities during execve()".
 */
export function capabilitiesKept({
  seccomp,
  process,
}: Pick<Plan, 'seccomp'> & { process: Rights | undefined }): bigint {
  if (seccomp === undefined || process === undefined || process.noNewPrivileges) return 0n;
  return 1n << BigInt(CAPABILITY_NAMES.indexOf('CAP_SYS_ADMIN'));
}

/**
 * Installs a filter without a listener.
 * @param isAlone nobody is there any longer who knows the numbers of this program's steps
 */
export function installFilter(script: Script, { filter, flags }: Installed, { isAlone }: { isAlone: boolean }): void {
  const args = [SECCOMP_SET_MODE_FILTER, flags, programHeader(script, filter)];
  if (isAlone) script.program.call('seccomp', args, { step: SECCOMP_STEP });
  else script.within('/linux/seccomp', () => script.call('seccomp', args));
}

/**
 * Installs a filter with a listener, and has the runtime send that to the agent. From then on the profile must allow
 * this program's calls, or the agent has to.
 *
 * Telling takes calls which the profile may forbid, or have the agent answer, who is not there yet: a second thread does
 * it, for which the filter does not hold. The first has nothing that it could wait with, and so it looks again and
 * again: the runtime is connected already, and only has to send a message.
 * @param tellMore what the second thread does besides
 */
export function installWithListener(script: Script, { filter, flags }: Installed, tellMore: () => void): void {
  const { program } = script;
  const listener = script.descriptorSlot();
  const isTold = script.slot();
  const [teller, waiting] = [script.newLabel(), script.newLabel()];
  script.within('/linux/seccomp', () => {
    script.ask({ type: 'connectAgent' });
    script.startThread(teller);
    // For one thread TSYNC changes nothing, here it would be for two.
    const own = (flags & ~SECCOMP_FLAGS.SECCOMP_FILTER_FLAG_TSYNC) | SECCOMP_FILTER_FLAG_NEW_LISTENER;
    const args = [SECCOMP_SET_MODE_FILTER, own, programHeader(script, filter)];
    script.call('seccomp', args, { save: listener });
    script.label(waiting);
    program.ifZero(isTold, waiting);
    script.later(() => {
      const installed = script.newLabel();
      script.label(teller);
      script.label(installed);
      program.ifNegative(listener, installed);
      script.tellWithDescriptor({ type: 'listener' });
      program.waitByte(script.syncFd);
      tellMore();
      // Any call whose result is not 0.
      script.call('getpid', [], { save: isTold });
      script.call('exit', [0], { ignore: true });
    });
  });
}

export interface Installed {
  /** An array of struct sock_filter. */
  filter: Uint8Array;
  /** SECCOMP_FILTER_FLAG_*. */
  flags: number;
}

/** struct sock_fprog. */
function programHeader({ program }: Script, filter: Uint8Array): Address {
  return program.pointers([filter.length / INSTRUCTION_SIZE, program.bulkBytes(filter)]);
}
