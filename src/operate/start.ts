// `start`: lets a created container's process become the user's program.
import { closeSync, constants, openSync } from 'node:fs';
import { errnoName } from '../../bindings/constants.ts';
import { pollReadable, read, write } from '../../bindings/files.ts';
import { HookError, RuntimeError, StateError } from '../errors.ts';
import { decodeReport, REPORT_SIZE } from '../final/report.ts';
import { stateDocument } from '../state/document.ts';
import { checkId } from '../state/id.ts';
import { statusOf } from '../state/status.ts';
import { type ContainerRecord, folderOf, hasHooks, loadRecord, RESULT_FIFO, START_FIFO } from '../state/store.ts';
import { destroy } from './delete.ts';
import { lockFolder } from './lock.ts';

/** The command: opens and locks the container, then starts it. */
export async function start(root: string, id: string): Promise<void> {
  checkId(id);
  const folderFd = lockFolder(root, id);
  const record = loadRecord(root, id);
  await startLocked({ root, record, folderFd });
  closeSync(folderFd);
}

export interface LockedContainer {
  root: string;
  record: ContainerRecord;
  folderFd: number;
}

/**
 * Starts a container whose lock is held.
 * @throws StateError unless it's created; RuntimeError if the user's program can't be executed; HookError, and the
 * container is destroyed then (runtime.md, lifecycle steps 7 and 9)
 */
export async function startLocked(container: LockedContainer): Promise<void> {
  const { root, record } = container;
  const status = statusOf(root, record);
  if (status !== 'created') throw new StateError(`cannot start a container that is ${status}: it has to be created`);
  if (record.executable === undefined) throw new RuntimeError('/process is not set in config.json: nothing to start');
  try {
    if (hasHooks(record, 'startContainer')) {
      const { callerSettings, runStartContainerHooks } = await import('../hooks.ts');
      runStartContainerHooks(root, record, callerSettings());
    }
    release(root, record);
    if (hasHooks(record, 'poststart')) {
      const { callerSettings, runHooks } = await import('../hooks.ts');
      runHooks('poststart', record.hooks.poststart ?? [], stateDocument(record, 'running'), callerSettings());
    }
  } catch (error) {
    if (error instanceof HookError) await destroy(container);
    throw error;
  }
}

// The result is readable when the final program reports a failure, and hung up when its end was closed by execve.
function release(root: string, record: ContainerRecord): void {
  const folder = folderOf(root, record.id);
  const resultFd = openSync(`${folder}/${RESULT_FIFO}`, constants.O_RDONLY | constants.O_NONBLOCK);
  const startFd = openSync(`${folder}/${START_FIFO}`, constants.O_WRONLY | constants.O_NONBLOCK);
  write(startFd, Uint8Array.of(1));
  closeSync(startFd);
  pollReadable([resultFd]);
  const report = new Uint8Array(REPORT_SIZE);
  const length = read(resultFd, report);
  closeSync(resultFd);
  if (length === REPORT_SIZE) throw executionError(record, decodeReport(report));
}

// The wording is what managers look for to choose their exit status, 127 or 126.
const REASONS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ENOTDIR: 'not a directory',
  ENOEXEC: 'exec format error',
};

function executionError({ executable = '' }: ContainerRecord, report: { errno: number }): RuntimeError {
  const errno = errnoName(report.errno);
  const isSearched = !executable.includes('/');
  const isMissing = errno === 'ENOENT' && isSearched;
  const reason = isMissing ? 'executable file not found in $PATH' : (REASONS[errno] ?? 'cannot be executed');
  const call = errno === 'ENOENT' && !isSearched ? `stat ${executable}: ` : '';
  return new RuntimeError(`exec: ${JSON.stringify(executable)}: ${call}${reason} (execve ${errno})`, {
    steps: ['/process/args/0'],
    errno,
  });
}
