// `kill`: sends a signal to the container process, or to all of the container's processes.
import { SIGKILL } from '../../bindings/constants.ts';
import { kill as killProcess, pidfdOpen, pidfdSendSignal } from '../../bindings/process.ts';
import { whileFrozen } from '../cgroup/freeze.ts';
import { killAllUntilGone, ownFolders, thaw } from '../cgroup/processes.ts';
import { StateError, shorten } from '../errors.ts';
import { warn } from '../log.ts';
import { parseSignal, STOP_SIGNAL } from '../signals.ts';
import { checkId } from '../state/id.ts';
import { startTimeOf, statusOf } from '../state/status.ts';
import { type ContainerRecord, loadRecord } from '../state/store.ts';
import { processesOf } from './container-processes.ts';

/**
 * The command.
 * @param asked the signal; undefined for the one that the image wants
 * @param toAll every process of the container gets the signal, also when the container process has ended
 * @throws StateError if the container is neither created nor running (runtime.md, "Kill")
 */
export function kill(root: string, id: string, asked: number | undefined, { toAll }: { toAll: boolean }): void {
  checkId(id);
  const record = loadRecord(root, id);
  const signal = asked ?? stopSignal(record);
  if (toAll) {
    whileFrozen(ownFolders(record.cgroups), () => {
      for (const pid of processesOf(record)) killProcess(pid, signal);
    });
    if (signal === SIGKILL) killAllUntilGone(record.cgroups);
    return;
  }
  const status = statusOf(root, record);
  // The wording is what containerd and others look for.
  if (status === 'stopped' || status === 'creating') throw new StateError(`container not running: it is ${status}`);
  signalInit(record, signal);
  // As in runc: otherwise nothing would come of it.
  if (signal === SIGKILL) thaw(record.cgroups);
}

function stopSignal({ annotations }: ContainerRecord): number {
  const text = annotations[STOP_SIGNAL] ?? '';
  try {
    return parseSignal(text);
  } catch {
    warn(`annotation ${STOP_SIGNAL}: unknown signal ${JSON.stringify(shorten(text))}, SIGTERM is sent`);
    return parseSignal('');
  }
}

// The pidfd is opened first and the start time compared then: so it can't be another process with the same pid.
function signalInit({ pid, startTime }: ContainerRecord, signal: number): void {
  const pidfd = pidfdOpen(pid);
  const isAlive = pidfd !== undefined && startTimeOf(pid) === startTime && pidfdSendSignal(pidfd, signal);
  if (!isAlive) throw new StateError('container not running: it is stopped');
}
