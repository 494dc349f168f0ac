// What `exec` is to make of the container's own process, a file, and the command line: the plan of the process.
import type { Process } from '../bundle/config.ts';
import { warn } from '../log.ts';
import { chosenProcess, type ExecChoices, type ExecPlan, planExec } from '../plan/exec.ts';
import { inUserNamespace } from '../plan/process.ts';
import { findPlan, fromExactJson } from '../state/plan-file.ts';
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
 * @returns the plan, and what the file with the process has, if there is one
 * @throws ConfigError, RuntimeError
 */
export async function planProcessOf(
  options: ExecProcessOptions,
): Promise<{ plan: ExecPlan; content: Uint8Array | undefined }> {
  const { root, record, processFile, choices, preserveFds, listenFds } = options;
  checkDescriptors(listenFds + preserveFds);
  const { newKeyring, process: text } = record.execDefaults;
  const own = text === undefined ? undefined : (fromExactJson(text) as Process);
  const { process, content } =
    processFile === undefined
      ? { process: chosenProcess(own, choices), content: undefined }
      : await processIn(processFile);
  // Kept only for containers that have something out of the ordinary.
  const { personality, memoryPolicy, seccomp } = findPlan(root, record.id) ?? {};
  const host = isInUserNamespace(record.pid) ? inUserNamespace(readHostFacts()) : readHostFacts();
  const plan = planExec(process, host, {
    id: record.id,
    newKeyring,
    personality,
    memoryPolicy,
    seccomp,
    defaults: { capabilities: own?.capabilities, rlimits: own?.rlimits },
    preserveFds,
    listenFds,
  });
  for (const warning of plan.warnings) warn(warning);
  return { plan, content };
}

// A file has to be validated; the container's own process has been.
async function processIn(path: string): Promise<{ process: Process; content: Uint8Array }> {
  const { loadProcess } = await import('../bundle/process.ts');
  return loadProcess(path);
}
