// Starts a program from a descriptor, without forking this process: posix_spawn(3) shares its memory until execve.

import { SyscallError } from './errno.ts';
import { readlinkSync } from './file-system.ts';
import { closeOnExecFrom, setCloseOnExec } from './files.ts';
import { libc } from './koffi.ts';
import { type Argument, addressOf, cString, words64 } from './syscall.ts';

const posixSpawn = libc.func(
  'int posix_spawn(void *pid, void *path, void *actions, void *attributes, void *argv, void *envp)',
) as (pid: Argument, path: Argument, actions: Argument, attributes: Argument, argv: Argument, envp: Argument) => number;

export interface SpawnOptions {
  /** What the program calls itself, argv[0]. */
  name: string;
  /** Descriptors of this process that the program inherits. */
  inherit: number[];
  /** The first number that is not the caller's: descriptors below it are inherited as they are. */
  firstOwn: number;
}

/**
 * Starts the program that `programFd` refers to, with no environment. It has this process's signal mask and ids.
 * @returns its pid
 */
export function spawnProgram(programFd: number, { name, inherit, firstOwn }: SpawnOptions): number {
  closeOnExecFrom(firstOwn);
  for (const fd of inherit) setCloseOnExec(fd, false);
  // The engine has marked all that it found open at its start.
  for (let fd = 3; fd < firstOwn; fd++) setCloseOnExec(fd, false);
  const argument = cString(name);
  const pid = new Int32Array(1);
  const path = cString(`/proc/self/fd/${programFd}`);
  const argv = words64(addressOf(argument), 0);
  const result = posixSpawn(new Uint8Array(pid.buffer), path, null, null, argv, words64(0));
  for (const fd of inherit) setCloseOnExec(fd, true);
  if (result !== 0) throw new SyscallError('posix_spawn', result, readlinkSync(`/proc/self/fd/${programFd}`));
  return pid[0] ?? 0;
}
