// `exec`: one more process in a container. In the foreground it passes signals on and ends with the process's status.

import { SIGKILL } from '../../bindings/constants.ts';
import { writeFileSync } from '../../bindings/file-system.ts';
import { kill } from '../../bindings/process.ts';
import type { Console } from '../create/console.ts';
import { execute } from '../create/exec.ts';
import { stoppedError } from '../create/exec-place.ts';
import { type ExecProcessOptions, planProcessOf } from '../create/exec-process.ts';
import type { KeepInputs } from '../create/keep-exec.ts';
import type { SeccompExtra } from '../create/seccomp.ts';
import { StateError, step } from '../errors.ts';
import type { ExecPlan } from '../plan/exec.ts';
import { hasLabels } from '../plan/labels.ts';
import { checkConsole } from '../plan/terminal.ts';
import { checkId } from '../state/id.ts';
import { statusOf } from '../state/status.ts';
import { type ContainerRecord, loadRecord } from '../state/store.ts';
import { handOverProcess } from './hand-over.ts';
import { holdSignals, supervise } from './supervise.ts';

export interface ExecOptions extends Omit<ExecProcessOptions, 'record'> {
  id: string;
  detach: boolean;
  /** Where to send the master of the terminal. */
  consoleSocket: string | undefined;
  pidFile: string | undefined;
  /** Cgroups below the container's. */
  cgroups: string[];
  /** In a paused container the process waits until that goes on. */
  ignorePaused: boolean;
}

/**
 * The command. It takes no lock: many may run at the same time, and `kill` and `delete` go on meanwhile.
 * @returns the exit status for this process: that of the process, or 0 when detached
 * @throws StateError unless the container is created or running
 */
export async function exec(options: ExecOptions): Promise<number> {
  checkId(options.id);
  const signalFd = options.detach ? -1 : holdSignals();
  const record = loadRecord(options.root, options.id);
  checkStatus(options, record);
  const { plan, content } = await planProcessOf({ ...options, record });
  if (hasLabels(plan.process)) (await import('../create/labels.ts')).checkLabels(plan.process, undefined);
  checkConsole(plan.process.terminal, options);
  const console = await consoleFor(plan.process, options);
  const [schedule, seccomp] = [await scheduling(plan.process), await filtering(plan, options.root)];
  if (plan.process.terminal === undefined && plan.process.uid !== 0) {
    (await import('../create/streams.ts')).givePipes(record.pid, plan.process.uid);
  }
  const adopt = await adoption(record);
  const { pid, way } = execute({ plan, record, cgroups: options.cgroups, console, schedule, seccomp, adopt });
  if (options.pidFile !== undefined) writePidFile(options.pidFile, pid);
  const asked = repeatable(options, content);
  if (way !== undefined && asked !== undefined && adopt === undefined)
    await keep({ ...options, record, asked, plan, way });
  if (options.detach) return 0;
  if (console?.masterFd === undefined) {
    handOverProcess(pid);
    return supervise(pid, signalFd);
  }
  const { superviseTerminal } = await import('./terminal.ts');
  return superviseTerminal(pid, { signalFd, masterFd: console.masterFd, notify: undefined });
}

// What the launcher understands (src/launcher/exec-line.ts): nothing but what to execute.
function repeatable(options: ExecOptions, content: Uint8Array | undefined): readonly string[] | Uint8Array | undefined {
  const { choices, consoleSocket, cgroups, ignorePaused, preserveFds, listenFds } = options;
  if (consoleSocket !== undefined || cgroups.length > 0 || ignorePaused || preserveFds + listenFds > 0)
    return undefined;
  const { args, env, additionalGids, capabilities, hasTerminal, noNewPrivileges, ...texts } = choices;
  const lists = [env, additionalGids, capabilities];
  const isBare = lists.every((list) => list.length === 0) && !hasTerminal && !noNewPrivileges;
  if (!isBare || Object.values(texts).some((text) => text !== undefined)) return undefined;
  if (content !== undefined) return args.length === 0 ? content : undefined;
  return args;
}

async function keep(inputs: Omit<KeepInputs, 'sources'>): Promise<void> {
  const { sources } = await import('../build.ts');
  if (sources === undefined) return;
  const { keepExec } = await import('../create/keep-exec.ts');
  keepExec({ ...inputs, sources });
}

async function adoption({ scope }: ContainerRecord): Promise<((pid: number) => void) | undefined> {
  if (scope?.isUser !== true) return undefined;
  const { SystemdDriver } = await import('../cgroup/systemd-driver.ts');
  return new SystemdDriver(scope).adopt;
}

async function consoleFor(
  { terminal }: ExecPlan['process'],
  { consoleSocket }: ExecOptions,
): Promise<Console | undefined> {
  if (terminal === undefined) return undefined;
  const { Console } = await import('../create/console.ts');
  const console = new Console(consoleSocket);
  terminal.size = console.sizeOf(terminal);
  return console;
}

type Schedule = ((pid: number) => void) | undefined;

async function scheduling(process: ExecPlan['process']): Promise<Schedule> {
  if (process.scheduler === undefined && process.ioPriority === undefined) return undefined;
  const { setScheduling } = await import('../create/scheduling.ts');
  return (pid) => setScheduling(pid, process);
}

async function filtering({ seccomp }: ExecPlan, root: string): Promise<SeccompExtra | undefined> {
  if (seccomp === undefined) return undefined;
  const { SeccompExtra } = await import('../create/seccomp.ts');
  return new SeccompExtra(seccomp, root);
}

function checkStatus({ root, ignorePaused }: ExecOptions, record: ContainerRecord): void {
  const status = statusOf(root, record);
  if (status === 'stopped') throw stoppedError();
  if (status === 'creating') throw new StateError('cannot exec in a container that is still being created');
  if (status !== 'paused' || ignorePaused) return;
  throw new StateError('cannot exec in a paused container (use --ignore-paused to override)');
}

function writePidFile(path: string, pid: number): void {
  try {
    step(`write pid file ${path}`, () => writeFileSync(path, String(pid)));
  } catch (error) {
    kill(pid, SIGKILL);
    throw error;
  }
}
