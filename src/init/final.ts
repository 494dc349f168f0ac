// The third of the container's programs: gives up what the user's program is not to have, waits for `start`, becomes
// the user's program. It's the one that waits, with 8 kB of memory.
import * as K from '../../bindings/constants.ts';
import { ENOENT, Script } from '../final/script.ts';
import { hasLabels } from '../plan/labels.ts';
import type { Plan } from '../plan/plan.ts';
import type { ProcessPlan } from '../plan/process.ts';
import { becomeContainerProcess } from './container-process.ts';
import { setLabels } from './labels.ts';
import { resetSignals } from './privileges.ts';
import { capabilitiesKept, installFilter, installWithListener } from './seccomp.ts';
import { forbidTracing } from './tracing.ts';

const EACCES = 13;
const MISSING = [ENOENT, 20 /* ENOTDIR */];
const PROGRAM = '/process/args/0';

export interface FinalInputs {
  plan: Plan;
  syncFd: number;
  /** The FIFOs of state/store.ts. */
  startFd: number;
  resultFd: number;
  /** The environment, HOME included. */
  env: string[];
  /** The seccomp filter. */
  filter: Uint8Array | undefined;
  /** The host's /proc, where the process gets labels. */
  procFd: number | undefined;
}

/** Builds that part of the program which needs neither the environment nor the filter to be known. */
export function beginFinal({ plan, syncFd, procFd }: Pick<FinalInputs, 'plan' | 'syncFd' | 'procFd'>): Script {
  const script = new Script(syncFd);
  forbidTracing(script);
  // The descriptors that came with this program are not for the user's.
  script.call('close_range', [3 + plan.preserveFds, 0xffffffff, K.CLOSE_RANGE_CLOEXEC]);
  script.call('prctl', [K.PR_SET_NAME, script.string('runts-init'), 0, 0, 0]);
  resetSignals(script, plan.ignoredSignals);
  if (procFd !== undefined && hasLabels(plan.process)) setLabels(script, plan.process, procFd);
  becomeContainerProcess(script, plan, { kept: capabilitiesKept(plan) });
  if (plan.process !== undefined) lookFor(script, plan.process);
  // From here on the process outlives the runtime that made it.
  script.call('prctl', [K.PR_SET_PDEATHSIG, 0, 0, 0, 0]);
  return script;
}

/** Builds the rest: the program is ready. */
export function endFinal(script: Script, { plan, syncFd, startFd, resultFd, env, filter }: FinalInputs): Script {
  const release = () => {
    script.tell({ type: 'ready' });
    script.call('close', [syncFd]);
  };
  const { flags = 0, listener } = plan.seccomp ?? {};
  // The agent is to know of the container before it's ready: that it's missing is an error of `create`.
  if (filter !== undefined && listener !== undefined) installWithListener(script, { filter, flags }, release);
  else release();
  script.program.reportTo(resultFd);
  script.program.waitByte(startFd);
  // Before the result is hung up: execve closes both, the last one first, and another `start` must not come in between.
  // The agent would have to answer the call.
  if (listener === undefined) script.program.call('close', [startFd], { ignore: true });
  if (filter !== undefined && listener === undefined) installFilter(script, { filter, flags }, { isAlone: true });
  if (plan.process !== undefined) execute(script, plan.process, env);
  // Without a process there is nothing to become, and `start` refuses.
  script.program.exit(1);
  script.finish();
  return script;
}

/**
 * `start` decides, but managers want to hear of a missing program from `create`: Podman understands no other error, and
 * containerd takes all back only then. Something in the search path that may not be executed is left to execve(2).
 */
function lookFor(script: Script, { executables }: ProcessPlan): void {
  const found = script.newLabel();
  const last = executables.length - 1;
  executables.forEach((path, index) => {
    const success = { errno: 0, label: found };
    const denied = { gotoOn: [success, { errno: EACCES, label: found }], ignoreErrnos: MISSING };
    const options = index === last ? { gotoOn: [success] } : denied;
    const args = [K.AT_FDCWD, script.string(path), K.X_OK, K.AT_EACCESS];
    script.within(PROGRAM, () => script.call('faccessat2', args, { path, ...options }));
  });
  script.label(found);
}

function execute(script: Script, process: ProcessPlan, env: string[]): void {
  const { program } = script;
  const [argv, envp] = [program.stringArray(process.args), program.stringArray(env)];
  script.within(PROGRAM, () => script.execFirst(process.executables, argv, envp));
}
