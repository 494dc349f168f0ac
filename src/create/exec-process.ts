// What `exec` is to make of a container's record, a file or a bundle, and the command line: the plan of the process.
import { loadBundleProcess, loadProcess } from '../bundle/process.ts';
import { warn } from '../log.ts';
import { chosenProcess, type ExecChoices, type ExecPlan, planExec } from '../plan/exec.ts';
import { inUserNamespace } from '../plan/process.ts';
import { findPlan } from '../state/plan-file.ts';
import type { ContainerRecord } from '../state/store.ts';
import { isInUserNamespace } from './exec-place.ts';
import { checkDescriptors, readHostFacts } from './host.ts';

export interface ExecProcessOptions {
  root: string;
  record: ContainerRecord;
  /** A file with the whole process; the choices are not looked at then, as in runc. */
  processFile: string | undefined;
  choices: ExecChoices;
  preserveFds: number;
  listenFds: number;
}

/**
 * Plans the process.
 * @throws ConfigError, RuntimeError
 */
export function planProcessOf(options: ExecProcessOptions): ExecPlan {
  const { root, record, processFile, choices, preserveFds, listenFds } = options;
  checkDescriptors(listenFds + preserveFds);
  const process =
    processFile === undefined ? chosenProcess(loadBundleProcess(record.bundle), choices) : loadProcess(processFile);
  const { newKeyring, capabilities, rlimits } = record.execDefaults;
  const numbers = rlimits.map(({ type, soft, hard }) => ({ type, soft: BigInt(soft), hard: BigInt(hard) }));
  // Kept only for containers that have something out of the ordinary.
  const { personality, memoryPolicy, seccomp } = findPlan(root, record.id) ?? {};
  const host = isInUserNamespace(record.pid) ? inUserNamespace(readHostFacts()) : readHostFacts();
  const plan = planExec(process, host, {
    id: record.id,
    newKeyring,
    personality,
    memoryPolicy,
    seccomp,
    defaults: { capabilities, rlimits: numbers },
    preserveFds,
    listenFds,
  });
  for (const warning of plan.warnings) warn(warning);
  return plan;
}
