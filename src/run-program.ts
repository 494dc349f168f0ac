// Runs a program of the host for its output, as ps(1): found in PATH, with the caller's signal dispositions as they are
// by default, without a thread in this process.

import { errnoName } from '../bindings/constants.ts';
import { closeSync, openSync, readSync } from '../bindings/file-system.ts';
import { memfdCreate, socketpair } from '../bindings/files.ts';
import { wait } from '../bindings/process.ts';
import { fstatSync } from '../bindings/stat.ts';
import { RuntimeError } from './errors.ts';
import { Script } from './final/script.ts';
import { stepError } from './final/steps.ts';
import { resetSignals } from './init/privileges.ts';
import { receive } from './protocol.ts';
import { spawnScript } from './spawn.ts';

export interface Ended {
  /** The exit status; 128 + the signal's number. */
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program to its end; its standard input is empty.
 * @param name looked up in PATH of `environment`, unless there's a slash in it
 * @throws RuntimeError if it can't be executed
 */
export function runProgram(name: string, args: string[], environment: NodeJS.ProcessEnv): Ended {
  const nullFd = openSync('/dev/null', 'r');
  const [outputFd, errorFd] = [memfdCreate('output'), memfdCreate('errors')];
  const [parentFd, syncFd] = socketpair();
  const inherit = [syncFd, nullFd, outputFd, errorFd];
  try {
    const script = new Script(syncFd);
    script.call('close_range', [3, 0xffffffff, CLOEXEC]);
    [nullFd, outputFd, errorFd].forEach((fd, index) => {
      script.call('dup3', [fd, index, 0]);
    });
    resetSignals(script, [SIGPIPE]);
    const envp = script.program.stringArray(Object.entries(environment).map(([key, value]) => `${key}=${value}`));
    script.execFirst(candidates(name, environment.PATH), script.program.stringArray([name, ...args]), envp);
    script.finish();
    const pid = spawnScript(script, { name: 'runts-program', inherit, firstOwn: 3 });
    closeSync(syncFd);
    // Nothing to read: execve has closed the socket.
    const message = receive(parentFd, script);
    const code = wait(pid, { block: true })?.code ?? 0;
    if (message?.kind === 'failure') throw notExecuted(name, script, message);
    return { code, stdout: textOf(outputFd), stderr: textOf(errorFd) };
  } finally {
    for (const fd of [parentFd, nullFd, outputFd, errorFd]) closeSync(fd);
  }
}

// close_range(2), and the one signal that the engine ignores.
const CLOEXEC = 4;
const SIGPIPE = 13;

function candidates(name: string, path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'): string[] {
  if (name.includes('/')) return [name];
  // execvp(3): an empty part is the working directory.
  return path.split(':').map((folder) => `${folder === '' ? '.' : folder}/${name}`);
}

function notExecuted(name: string, script: Script, { step, errno }: { step: number; errno: number }): RuntimeError {
  if (errnoName(errno) !== 'ENOENT') return stepError(script, step, errnoName(errno));
  return new RuntimeError(`the program ${name} is not installed`, { errno: 'ENOENT' });
}

function textOf(fd: number): string {
  const buffer = Buffer.alloc(fstatSync(fd).size);
  let done = 0;
  while (done < buffer.length) {
    const count = readSync(fd, buffer, done, buffer.length - done, done);
    if (count === 0) break;
    done += count;
  }
  return buffer.toString('utf8', 0, done);
}
