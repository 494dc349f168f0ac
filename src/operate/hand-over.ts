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
import { type ContainerRecord, folderOf, RESULT_FIFO, START_FIFO } from '../state/store.ts';

const PROGRAM = 'runts-foreground';

/** What becoming the program takes. */
interface Program {
  fd: number;
  argv: Uint8Array;
  envp: Uint8Array;
  /** What those point to: it must stay. */
  texts: Uint8Array[];
}

/** All that can be had before the container process is ready. */
export interface Prepared {
  program: Program;
  resultFd: number;
  startFd: number;
}

/**
 * Prepares for `handOver`, while the container process does its last steps.
 * @returns undefined if the engine has to stay
 */
export function prepare(root: string, record: ContainerRecord): Prepared | undefined {
  const folder = folderOf(root, record.id);
  const program = isPlain(record) ? programFor(record.pid, folder) : undefined;
  if (program === undefined) return undefined;
  const resultFd = openSync(`${folder}/${RESULT_FIFO}`, K.O_RDONLY | K.O_NONBLOCK);
  const startFd = open(`${folder}/${START_FIFO}`, K.O_WRONLY | K.O_NONBLOCK);
  if (startFd !== undefined) return { program, resultFd, startFd };
  for (const fd of [resultFd, program.fd]) closeSync(fd);
  return undefined;
}

/**
 * Tells the container process to go on, and becomes the program. Returns if that isn't possible.
 * @param folderFd of the container's folder, which is locked
 * @returns the descriptor of the result
 */
export function handOver({ program, resultFd, startFd }: Prepared, folderFd: number): number {
  write(startFd, Uint8Array.of(1));
  closeSync(startFd);
  // What is at these numbers isn't needed any more.
  trySyscall('dup3', resultFd, FOREGROUND.resultFd, 0);
  trySyscall('dup3', folderFd, FOREGROUND.folderFd, 0);
  closeOnExecFrom(FOREGROUND.folderFd + 1);
  become(program);
  return resultFd;
}

/** The same for a process of `exec`, which runs already. */
export function handOverProcess(pid: number): void {
  const program = programFor(pid, '');
  if (program === undefined) return;
  closeOnExecFrom(3);
  become(program);
}

function programFor(pid: number, folder: string): Program | undefined {
  const fd = isDebugging() ? undefined : open(process.execPath.replace(/[^/]*$/, PROGRAM), K.O_PATH);
  if (fd === undefined) return undefined;
  const args = textsOf('runts', ...process.argv.slice(2));
  const first = textsOf(process.execPath, String(pid), folder);
  // As the launcher has left it, with the settings for the engine.
  const environment = readFileSync('/proc/self/environ');
  const argv = words64(...addressesIn(args), 0);
  const envp = words64(...addressesIn(first), ...addressesIn(environment), 0);
  return { fd, argv, envp, texts: [args, first, environment] };
}

function become({ fd, argv, envp }: Program): void {
  trySyscall('execveat', fd, cString(''), argv, envp, K.AT_EMPTY_PATH);
  closeSync(fd);
}

// ENXIO: fifo(7), nobody reads. release() finds out why.
function open(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENXIO') return undefined;
    throw error;
  }
}

const textsOf = (...list: string[]): Uint8Array => encodeName(`${list.join('\0')}\0`);

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
