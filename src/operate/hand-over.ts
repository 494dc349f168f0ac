// A foreground `run` hands over to a small program (src/launcher/foreground.ts) once its container is to start, `exec` once
// its process runs: this process becomes that program. What doesn't go as usual comes back here.
import * as K from '../../bindings/constants.ts';
import { closeSync, openSync, readFileSync } from '../../bindings/file-system.ts';
import { closeOnExecFrom, write } from '../../bindings/files.ts';
import { encodeName } from '../../bindings/names.ts';
import { addressOf, cString, trySyscall, words64 } from '../../bindings/syscall.ts';
import { errnoOf } from '../errors.ts';
import { isDebugging } from '../log.ts';
import { isPlain } from '../state/brief.ts';
import { FOREGROUND } from '../state/foreground-layout.ts';
import { folderOf, RESULT_FIFO, START_FIFO } from '../state/store.ts';
import type { LockedContainer } from './start.ts';

const PROGRAM = 'runts-foreground';

/**
 * Tells the container process to go on, and becomes the program. Returns if that isn't possible.
 * @returns the descriptor of the result, if the process has been told
 */
export function handOver({ root, record, folderFd }: LockedContainer): number | undefined {
  if (!isPlain(record) || isDebugging()) return undefined;
  const programFd = openProgram();
  if (programFd === undefined) return undefined;
  const folder = folderOf(root, record.id);
  const resultFd = openSync(`${folder}/${RESULT_FIFO}`, K.O_RDONLY | K.O_NONBLOCK);
  const startFd = open(`${folder}/${START_FIFO}`, K.O_WRONLY | K.O_NONBLOCK);
  if (startFd === undefined) {
    for (const fd of [resultFd, programFd]) closeSync(fd);
    return undefined;
  }
  write(startFd, Uint8Array.of(1));
  closeSync(startFd);
  // What is at these numbers isn't needed any more.
  trySyscall('dup3', resultFd, FOREGROUND.resultFd, 0);
  trySyscall('dup3', folderFd, FOREGROUND.folderFd, 0);
  closeOnExecFrom(FOREGROUND.folderFd + 1);
  become(programFd, record.pid, folder);
  closeSync(programFd);
  return resultFd;
}

/** The same for a process of `exec`, which runs already. */
export function handOverProcess(pid: number): void {
  const programFd = isDebugging() ? undefined : openProgram();
  if (programFd === undefined) return;
  closeOnExecFrom(3);
  become(programFd, pid, '');
  closeSync(programFd);
}

const openProgram = (): number | undefined => open(process.execPath.replace(/[^/]*$/, PROGRAM), K.O_PATH);

// ENXIO: fifo(7), nobody reads. release() finds out why.
function open(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENXIO') return undefined;
    throw error;
  }
}

function become(programFd: number, pid: number, folder: string): void {
  const args = texts('runts', ...process.argv.slice(2));
  const first = texts(process.execPath, String(pid), folder);
  // As the launcher has left it, with the settings for the engine.
  const environment = readFileSync('/proc/self/environ');
  const argv = words64(...addressesIn(args), 0);
  const envp = words64(...addressesIn(first), ...addressesIn(environment), 0);
  trySyscall('execveat', programFd, cString(''), argv, envp, K.AT_EMPTY_PATH);
}

const texts = (...list: string[]): Uint8Array => encodeName(`${list.join('\0')}\0`);

/** Where the texts of a block begin, each of which ends with a NUL. */
function addressesIn(block: Uint8Array): number[] {
  const start = Number(addressOf(block));
  const addresses: number[] = [];
  for (let at = 0; at < block.length; at = block.indexOf(0, at) + 1) addresses.push(start + at);
  return addresses;
}

/**
 * Where the program has come to, if this is `run` again: `released` is the descriptor of the result, from where on it
 * goes on here; `ended` the status of a container that is only to be removed.
 */
export function handedBack(): { released: number } | { ended: number } | undefined {
  const { RUNTS_RESUME, RUNTS_REMOVE } = process.env;
  if (RUNTS_REMOVE !== undefined) return { ended: Number(RUNTS_REMOVE) };
  return RUNTS_RESUME === undefined ? undefined : { released: Number(RUNTS_RESUME) };
}
