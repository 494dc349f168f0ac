// `kill`: sends a signal to the container process, or to all of the container's processes.
import { kill as killProcess, pidfdOpen, pidfdSendSignal } from '../../bindings/process.ts';
import { processesIn } from '../cgroup/cgroup.ts';
import { StateError } from '../errors.ts';
import { checkId } from '../state/id.ts';
import { startTimeOf, statusOf } from '../state/status.ts';
import { type ContainerRecord, loadRecord } from '../state/store.ts';

/**
 * The command.
 * @param toAll every process in the container's cgroup gets the signal, also when the container process has ended
 * @throws StateError if the container is neither created nor running (runtime.md, "Kill")
 */
export function kill(root: string, id: string, signal: number, { toAll }: { toAll: boolean }): void {
  checkId(id);
  const record = loadRecord(root, id);
  if (toAll) {
    for (const pid of processesIn(record.cgroups)) killProcess(pid, signal);
    return;
  }
  const status = statusOf(root, record);
  // The wording is what containerd and others look for.
  if (status === 'stopped' || status === 'creating') throw new StateError(`container not running: it is ${status}`);
  signalInit(record, signal);
}

// The pidfd is opened first and the start time compared then: so it can't be another process with the same pid.
function signalInit({ pid, startTime }: ContainerRecord, signal: number): void {
  const pidfd = pidfdOpen(pid);
  const isAlive = pidfd !== undefined && startTimeOf(pid) === startTime && pidfdSendSignal(pidfd, signal);
  if (!isAlive) throw new StateError('container not running: it is stopped');
}
