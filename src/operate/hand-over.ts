// A foreground `run` hands over to a small program (src/launcher/foreground.ts) once its container is to start, `exec` once
// its process runs: this process becomes that program. What doesn't go as usual comes back here.
import * as K from '../../bindings/constants.ts';
import { closeSync, openSync } from '../../bindings/file-system.ts';
import { closeOnExecFrom } from '../../bindings/files.ts';
import { encodeName } from '../../bindings/names.ts';
import { readdirSync } from '../../bindings/stat.ts';
import { addressOf, cString, trySyscall, words64 } from '../../bindings/syscall.ts';
import { errnoOf } from '../errors.ts';
import { isLogPlain } from '../log.ts';
import { isPlain } from '../state/brief.ts';
import { FOREGROUND, LOOKED_AT } from '../state/foreground-layout.ts';
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
  // On the way back the working directory may be another.
  const program = isPlain(record) && root.startsWith('/') ? programFor(record.pid, folder) : undefined;
  const resultFd = program && open(`${folder}/${RESULT_FIFO}`, K.O_RDONLY | K.O_NONBLOCK);
  const startFd = resultFd && open(`${folder}/${START_FIFO}`, K.O_WRONLY | K.O_NONBLOCK);
  return program && resultFd && startFd ? { program, resultFd, startFd } : undefined;
}

/**
 * Tells the container process to go on, and becomes the program. Returns if that isn't possible.
 * @param folderFd of the container's folder, which is locked
 * @returns the descriptor of the result, if the process has been told
 */
export function handOver({ program, resultFd, startFd }: Prepared, folderFd: number): number | undefined {
  // EPIPE: release() finds out why.
  if (trySyscall('write', startFd, Uint8Array.of(1), 1) !== 1) return undefined;
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

// What the caller has opened stays open as long as the engine does: a lock, a pipe whose end tells somebody something.
function programFor(pid: number, folder: string): Program | undefined {
  if (!isLogPlain() || hasCallersDescriptor()) return undefined;
  const fd = open(process.execPath.replace(/[^/]*$/, PROGRAM), K.O_PATH);
  if (fd === undefined) return undefined;
  const args = textsOf(process.argv0, ...process.argv.slice(2));
  const first = textsOf(process.execPath, String(pid), folder);
  // With the launcher's settings for the engine.
  const environment = textsOf(...Object.entries(process.env).map(([key, value]) => `${key}=${value}`));
  const argv = words64(...addressesIn(args), 0);
  const envp = words64(...addressesIn(first), ...addressesIn(environment), 0);
  return { fd, argv, envp, texts: [args, first, environment] };
}

// The launcher has looked at the first ones. Above them there's seldom one of this process's own.
function hasCallersDescriptor(): boolean {
  if (Number(process.env.RUNTS_FDANY ?? 1) !== 0) return true;
  return readdirSync('/proc/self/fd').some((fd) => Number(fd) >= 3 + LOOKED_AT);
}

function become({ fd, argv, envp }: Program): void {
  trySyscall('execveat', fd, cString(''), argv, envp, K.AT_EMPTY_PATH);
  closeSync(fd);
}

// Whatever isn't possible is left as it is.
function open(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags);
  } catch (error) {
    if (errnoOf(error) !== undefined) return undefined;
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

/** Where the program has come to, if this is `run` again. */
export interface HandedBack {
  /** Of the container's folder. */
  folderFd: number;
  /** The descriptor of the result: the process has been told to go on. */
  released?: number;
  /** The status of the container, which is only to be removed. */
  ended?: number;
}

/** What the program has left to this process. */
export function handedBack(): HandedBack | undefined {
  const { RUNTS_RESUME, RUNTS_REMOVE } = process.env;
  const { folderFd } = FOREGROUND;
  if (RUNTS_REMOVE !== undefined) return { folderFd, ended: Number(RUNTS_REMOVE) };
  return RUNTS_RESUME === undefined ? undefined : { folderFd, released: Number(RUNTS_RESUME) };
}
