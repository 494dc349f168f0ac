// How the processes of `create` and `exec` have ended, and the end of those that nobody waits for any more.
import { SIGKILL } from '../../bindings/constants.ts';
import { existsSync, readFileSync } from '../../bindings/file-system.ts';
import { type ExitStatus, kill, peekEnd, wait } from '../../bindings/process.ts';
import { RuntimeError, withStep } from '../errors.ts';
import { birthOf } from '../state/status.ts';

/** Waits for the end of a process of `create`. It stays to be waited for, by who takes back what was done. */
export function death(pid: number): unknown {
  const ended = peekEnd(pid, { block: true });
  if (ended === undefined) return new RuntimeError('the container process has ended without a word');
  return deathError(ended);
}

/** That a process of `create` has ended, as an error. */
export function deathError(ended: ExitStatus): unknown {
  const hint = ended.signal === 9 ? 'out of memory, or killed by somebody' : undefined;
  const error = new RuntimeError(`the container process ${howEnded(ended)}`, hint === undefined ? {} : { hint });
  return withStep('set up the container', error);
}

function howEnded({ signal, code }: ExitStatus): string {
  return signal === 0 ? `exited with status ${code}` : `was killed by signal ${signal}`;
}

/** Ends processes, most of which have ended already. Returns how the furthest one has. */
export function endAll(pids: (number | undefined)[]): ExitStatus | undefined {
  let last: ExitStatus | undefined;
  for (const pid of pids) {
    if (pid === undefined) continue;
    kill(pid, SIGKILL);
    last = wait(pid, { block: true }) ?? last;
  }
  return last;
}

/**
 * Ends what a failed `create` has started. For these processes alone: `run` inherits what hooks leave running, and a shell
 * that has become runts has children of its own.
 * @param pid of the container process; 0 if it's not known yet: then there are no hooks
 */
export function endCreated(pid: number, starterPid: number): void {
  if (pid !== 0) endAll([pid]);
  else if (starterPid !== 0) {
    kill(starterPid, SIGKILL);
    // Nobody makes another one from here on.
    peekEnd(starterPid, { block: true });
    endAll([starterPid, ...untold([starterPid])]);
  }
}

/**
 * The processes of `create` and `exec` whose pid was never told, because who was to tell it was killed before: they would
 * run on, and nobody would know of them. Children that are older were there before this command, as a shell's are that has
 * become it. proc_pid_children(5): not all kernels have the file.
 * @param told the first is a child that has not been waited for
 */
export function untold(told: readonly [number, ...(number | undefined)[]]): number[] {
  const file = `/proc/self/task/${process.pid}/children`;
  if (!existsSync(file)) return [];
  const [first] = told;
  const since = birthOf(first) ?? Number.POSITIVE_INFINITY;
  const isOurs = (pid: number): boolean => {
    const birth = birthOf(pid) ?? 0;
    return !told.includes(pid) && (birth > since || (birth === since && pid > first));
  };
  return readFileSync(file, 'latin1').trim().split(' ').map(Number).filter(isOurs);
}
