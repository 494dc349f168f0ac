// A container's status, computed from the kernel at every call, never only remembered.
import * as K from '../../bindings/constants.ts';
import { closeSync, existsSync, openSync, readFileSync, readlinkSync } from '../../bindings/file-system.ts';
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
  return isFrozen(record) ? 'paused' : waitsForStart(root, record.id) ? 'created' : 'running';
}

/**
 * The start time of a live process in clock ticks since boot; undefined if there is none, or only what is left of it
 * until somebody has waited for it, or for others.
 */
export function startTimeOf(pid: number): string | undefined {
  const fields = statOf(pid)?.fields;
  if (fields === undefined || isDead(fields) || (isExiting(fields) && hasNothing(pid))) return undefined;
  return fields[STAT.starttime];
}

/** When a process has begun, in ticks since boot: also of one that has ended and stays to be waited for. */
export function birthOf(pid: number): number | undefined {
  const fields = statOf(pid)?.fields;
  return fields && Number(fields[STAT.starttime]);
}

// The first process of a pid namespace ends only when all others in there have been waited for, which those of `exec`
// are from outside: until then it has given up everything but its pid. Before, its mounts may be in use.
function hasNothing(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/ns/mnt`);
    return false;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return true;
    throw error;
  }
}

/** Whether the container process has ended or is about to: nothing can join it any more. */
export function hasEnded({ pid, startTime }: ContainerRecord): boolean {
  const fields = statOf(pid)?.fields;
  return fields === undefined || isDead(fields) || isExiting(fields) || fields[STAT.starttime] !== startTime;
}

/** How a process lives that has been a program of the runtime's. */
export interface Life {
  /** It's stopped by a signal. */
  isStopped: boolean;
  /** It computes, or waits for a disk: for nothing that others do. */
  isBusy: boolean;
  /** It has never become anything else, and dies or is dead. */
  isOurs: boolean;
  /** The signal that killed it, if there was one. */
  deathSignal: number;
}

const OUR_NAMES = ['runts-init', 'runts-exec'];

/** What /proc says of a process; undefined if it's gone without a trace. */
export function lifeOf(pid: number): Life | undefined {
  const stat = statOf(pid);
  if (stat === undefined) return undefined;
  const { name, fields } = stat;
  const isDying = isDead(fields) || isExiting(fields);
  return {
    isStopped: fields[STAT.state] === 'T',
    isBusy: fields[STAT.state] === 'R' || fields[STAT.state] === 'D',
    isOurs: isDying && OUR_NAMES.includes(name),
    deathSignal: isDying ? Number(fields[STAT.exit_code]) & 0x7f : 0,
  };
}

// Fields of proc_pid_stat(5), counted from the state, which is field 3.
const STAT = { state: 0, flags: 6, starttime: 19, exit_code: 49 };
// The kernel's <linux/sched.h>: on its way out, its files may be closed already.
const PF_EXITING = 0x4;

function isDead(fields: string[]): boolean {
  return fields[STAT.state] === 'Z' || fields[STAT.state] === 'X';
}

function isExiting(fields: string[]): boolean {
  return (Number(fields[STAT.flags]) & PF_EXITING) !== 0;
}

// The process's name in field 2 may hold spaces and brackets, so count from its end.
function statOf(pid: number): { name: string; fields: string[] } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const end = stat.lastIndexOf(')');
    return { name: stat.slice(stat.indexOf('(') + 1, end), fields: stat.slice(end + 2).split(' ') };
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
    closeSync(openSync(fifo, K.O_WRONLY | K.O_NONBLOCK));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENXIO' || errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Whether the container's processes are frozen.
 * cgroup v1: freezer.state is FREEZING or FROZEN (cgroup-v1/freezer-subsystem.rst); v2: cgroup.freeze is 1.
 */
export function isFrozen({ cgroups }: ContainerRecord): boolean {
  return cgroups.some(({ directory, freezer }) => {
    return freezer !== undefined && /^[F1]/.test(contentOf(`${directory}/${freezer}`));
  });
}

// The root cgroup of a hierarchy has no such file.
function contentOf(path: string): string {
  if (!existsSync(path)) return '';
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // The cgroup is gone.
    return '';
  }
}
