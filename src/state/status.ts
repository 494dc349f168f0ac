// A container's status, computed from the kernel at every call, never only remembered.
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import { type ContainerRecord, folderOf, isCreated, START_FIFO } from './store.ts';

export type Status = 'creating' | 'created' | 'running' | 'paused' | 'stopped';

/** The status of a container right now. */
export function statusOf(root: string, record: ContainerRecord): Status {
  const isCreatorAlive = startTimeOf(record.creator.pid) === record.creator.startTime;
  // A `create` that was killed leaves a record without a process, or with one that died with it.
  if (record.pid === 0) return isCreatorAlive ? 'creating' : 'stopped';
  if (startTimeOf(record.pid) !== record.startTime) return 'stopped';
  if (!isCreated(root, record.id)) return 'creating';
  return waitsForStart(root, record.id) ? 'created' : isFrozen(record) ? 'paused' : 'running';
}

/**
 * The start time of a live process in clock ticks since boot; undefined if there is none, or only its zombie.
 * proc_pid_stat(5): the command's name in field 2 may hold spaces and brackets, so count from its end.
 */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

/** The pid of a process in its own pid namespace: the last of NSpid, proc_pid_status(5). */
export function containerPidOf(pid: number): number {
  try {
    const line = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '';
    return Number(line.split(/\s+/).pop());
  } catch {
    // It has died already; whoever waits for it will tell.
    return 0;
  }
}

// The container process holds the FIFO's reading end until it executes the user's program or dies, and nobody else
// does. Opening the writing end without waiting tells: fifo(7), ENXIO if nobody reads.
function waitsForStart(root: string, id: string): boolean {
  try {
    const fifo = `${folderOf(root, id)}/${START_FIFO}`;
    closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENXIO' || errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

// cgroup v1: freezer.state is FREEZING or FROZEN (cgroup-v1/freezer-subsystem.rst); v2: cgroup.freeze is 1.
function isFrozen({ cgroups }: ContainerRecord): boolean {
  return cgroups.some(
    ({ directory }) =>
      firstLetter(`${directory}/freezer.state`) === 'F' || firstLetter(`${directory}/cgroup.freeze`) === '1',
  );
}

function firstLetter(path: string): string {
  try {
    return readFileSync(path, 'latin1').charAt(0);
  } catch {
    // Most hierarchies have no such file, and a container's cgroup may be gone.
    return '';
  }
}
