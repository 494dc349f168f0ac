// startContainer hooks: run inside of the container, by a program of system calls that joins its namespaces.
import { closeSync, openSync, readlinkSync, writeSync } from 'node:fs';
import { errnoName, O_PATH } from '../../bindings/constants.ts';
import {
  closeOnExecFrom,
  fillProgram,
  memfdCreate,
  memfdProgram,
  read,
  setCloseOnExec,
  socketpair,
  write,
} from '../../bindings/files.ts';
import { clone, execveFd, exitNow, wait } from '../../bindings/process.ts';
import { architecture } from '../../bindings/syscall.ts';
import { type Hook, NAMESPACE_TYPES } from '../bundle/config.ts';
import { joinCgroup } from '../cgroup/cgroup.ts';
import { withStep } from '../errors.ts';
import { assemble } from '../final/assemble.ts';
import { HOOK_STEP, hookProgram } from '../final/hook.ts';
import { decodeReport, REPORT_SIZE } from '../final/report.ts';
import { awaitHook, type CallerSettings, HookError, hookLabel } from '../hooks.ts';
import { NAMESPACE_FILE, NAMESPACE_FLAG } from '../plan/namespaces.ts';
import type { StateDocument } from '../state/document.ts';
import type { ContainerRecord } from '../state/store.ts';

/**
 * Runs the startContainer hooks in their order in the container's namespaces, root and cgroup.
 * @throws HookError for the first that fails
 */
export function runContainerHooks(record: ContainerRecord, state: StateDocument, settings: CallerSettings): void {
  const inside = { ...state, pid: record.containerPid };
  (record.hooks.startContainer ?? []).forEach((hook, index) => {
    try {
      runInside(record, hook, inside, settings);
    } catch (error) {
      throw withStep(`${hookLabel('startContainer', index)} (${hook.path})`, error);
    }
  });
}

function runInside(record: ContainerRecord, hook: Hook, state: StateDocument, settings: CallerSettings): void {
  const inputFd = memfdCreate('state');
  const outputFd = memfdCreate('output');
  const [parentFd, syncFd] = socketpair();
  const namespaces = openNamespacesOf(record.pid);
  const rootFd = openSync(`/proc/${record.pid}/root`, O_PATH);
  writeSync(inputFd, JSON.stringify(state), 0);
  try {
    const program = hookProgram({ hook, namespaces, rootFd, inputFd, outputFd, syncFd, ...settings });
    const programFd = memfdProgram('runts-hook');
    fillProgram(programFd, assemble(program, architecture));
    const fds = [...namespaces.map(({ fd }) => fd), rootFd, inputFd, outputFd, syncFd];
    const joinerPid = clone(0);
    if (joinerPid === 0) becomeProgram(programFd, fds);
    closeSync(programFd);
    closeSync(syncFd);
    joinCgroup(record.cgroups, joinerPid);
    write(parentFd, Uint8Array.of(1));
    const pid = readPid(parentFd);
    wait(joinerPid, { block: true });
    const failure = readReport(parentFd);
    awaitHook(pid, hook, outputFd, failure && describe(failure));
  } finally {
    for (const fd of [...namespaces.map(({ fd }) => fd), rootFd, inputFd, outputFd, parentFd]) closeSync(fd);
  }
}

function becomeProgram(programFd: number, fds: number[]): never {
  try {
    closeOnExecFrom(3);
    for (const fd of fds) setCloseOnExec(fd, false);
    execveFd(programFd, 'runts-hook');
  } catch {
    // The closed socket tells the runtime.
    exitNow(1);
  }
}

// Those that the runtime is in too are left out: joining one's own user namespace is an error, setns(2).
function openNamespacesOf(pid: number): { fd: number; flag: number }[] {
  // The user namespace comes last: the others are joined with the rights of the runtime.
  const types = NAMESPACE_TYPES.filter((type) => type !== 'user');
  return [...types, 'user' as const].flatMap((type) => {
    const path = `/proc/${pid}/ns/${NAMESPACE_FILE[type]}`;
    const isSame = readlinkSync(path) === readlinkSync(`/proc/self/ns/${NAMESPACE_FILE[type]}`);
    return isSame ? [] : [{ fd: openSync(path, 'r'), flag: NAMESPACE_FLAG[type] }];
  });
}

function readPid(fd: number): number {
  const report = readReport(fd);
  if (report === undefined) throw new HookError('the process that enters the container has died');
  if (report.errno === 0) return report.step;
  throw new HookError(describe(report));
}

function readReport(fd: number): { step: number; errno: number } | undefined {
  const buffer = new Uint8Array(REPORT_SIZE);
  return read(fd, buffer) === REPORT_SIZE ? decodeReport(buffer) : undefined;
}

const CALLS: Record<number, string> = {
  [HOOK_STEP.namespace]: 'setns',
  [HOOK_STEP.root]: 'chroot',
  [HOOK_STEP.streams]: 'dup3',
  [HOOK_STEP.settings]: 'settings of the process',
  [HOOK_STEP.execute]: 'execve',
};

function describe({ step, errno }: { step: number; errno: number }): string {
  return `${CALLS[step] ?? 'system call'} ${errnoName(errno)}`;
}
