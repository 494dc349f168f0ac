// The moment of `start`: the waiting process is told to go on, and has become the user's program when this returns.
import * as K from '../../bindings/constants.ts';
import { errnoName } from '../../bindings/constants.ts';
import { closeSync, openSync } from '../../bindings/file-system.ts';
import { pollReadable, read, write } from '../../bindings/files.ts';
import { errnoOf, RuntimeError, StateError } from '../errors.ts';
import { executionError } from '../execution-error.ts';
import { decodeReport, REPORT_SIZE, type Report, SECCOMP_STEP } from '../final/report.ts';
import { isFrozen, lifeOf } from '../state/status.ts';
import { type ContainerRecord, folderOf, RESULT_FIFO, START_FIFO } from '../state/store.ts';

/**
 * Lets the container process execute the user's program, and waits until it has.
 * @param released the descriptor of the result, if the launcher has told the process already
 * @throws RuntimeError if the program can't be executed or the process has died before; StateError if it can't go on,
 * because it has been frozen or stopped meanwhile: then it still waits, unless the error says otherwise
 */
export function release(root: string, record: ContainerRecord, released?: number): void {
  const folder = folderOf(root, record.id);
  const resultFd = released ?? openSync(`${folder}/${RESULT_FIFO}`, K.O_RDONLY | K.O_NONBLOCK);
  const startFd = released !== undefined ? undefined : openForRelease(`${folder}/${START_FIFO}`);
  try {
    if (released === undefined) {
      if (startFd === undefined) throw diedTooEarly(record);
      write(startFd, new Uint8Array([1]));
    }
    awaitResult(resultFd, record, folder);
  } finally {
    closeSync(resultFd);
    if (startFd !== undefined) closeSync(startFd);
  }
}

// Nobody reads: fifo(7), ENXIO. It was there a moment ago.
function openForRelease(fifo: string): number | undefined {
  try {
    return openSync(fifo, K.O_WRONLY | K.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'ENXIO') return undefined;
    throw error;
  }
}

const LOOK_MS = 100;

// The result is readable when the final program reports a failure, and hung up when its end was closed: by execve, or
// because the process has died. As long as nothing comes, the process may be held up, for how long nobody knows.
function awaitResult(resultFd: number, record: ContainerRecord, folder: string): void {
  const startFifo = `${folder}/${START_FIFO}`;
  for (;;) {
    const [hasResult] = pollReadable([resultFd], LOOK_MS);
    if (hasResult === true) break;
    const obstacle = obstacleTo(record);
    if (obstacle !== undefined) throw heldUp(obstacle, takeBack(startFifo));
    // If the process had closed its end already when this one was opened, that's no hang-up yet, but another end's is.
    closeSync(openSync(`${folder}/${RESULT_FIFO}`, K.O_WRONLY | K.O_NONBLOCK));
  }
  const report = new Uint8Array(REPORT_SIZE);
  if (read(resultFd, report) === REPORT_SIZE) throw failure(record, decodeReport(report));
  const life = lifeOf(record.pid);
  // Gone already: then only a byte that was never read tells.
  if (life === undefined ? takeBack(startFifo) : life.isOurs) throw diedTooEarly(record);
}

function failure({ executable = '' }: ContainerRecord, report: Report): RuntimeError {
  const errno = errnoName(report.errno);
  if (report.step === SECCOMP_STEP) return new RuntimeError(`seccomp ${errno}`, { steps: ['/linux/seccomp'], errno });
  return executionError(executable, errno);
}

function obstacleTo(record: ContainerRecord): string | undefined {
  if (lifeOf(record.pid)?.isStopped === true) return 'its process is stopped by a signal';
  return isFrozen(record) ? 'its cgroup is frozen' : undefined;
}

function heldUp(obstacle: string, stillWaits: boolean): StateError {
  if (stillWaits) return new StateError(`cannot start the container: ${obstacle}`);
  return new StateError(`the container has been started, but ${obstacle}: it goes on when that ends`);
}

// What the process hasn't read yet. Returns whether there was something.
function takeBack(startFifo: string): boolean {
  const fd = openSync(startFifo, K.O_RDONLY | K.O_NONBLOCK);
  try {
    return read(fd, new Uint8Array(1)) === 1;
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN') return false;
    throw error;
  } finally {
    closeSync(fd);
  }
}

const DEATH_HINTS: Record<number, string> = {
  9: 'out of memory, or killed by somebody',
  // The final program could neither execute, nor say why, nor exit.
  11: 'the profile in /linux/seccomp has to allow execve, and write and exit_group for another reason to be told',
  31: 'the profile in /linux/seccomp has to allow execve',
};

function diedTooEarly(record: ContainerRecord): RuntimeError {
  const signal = lifeOf(record.pid)?.deathSignal ?? 0;
  const how = signal === 0 ? 'has ended' : `was killed by signal ${signal}`;
  const hint = DEATH_HINTS[signal];
  const reason = `the container process ${how} before it became the user's program`;
  return new RuntimeError(reason, hint === undefined ? {} : { hint });
}
