// How the processes of `create` and `exec` have ended, and the end of those that nobody waits for any more.
import { SIGKILL } from '../../bindings/constants.ts';
import { existsSync, readFileSync } from '../../bindings/file-system.ts';
import { type ExitStatus, kill, peekEnd, wait } from '../../bindings/process.ts';
import { RuntimeError, withStep } from '../errors.ts';
import { startTimeOf } from '../state/status.ts';

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
 * The processes of `exec` whose pid was never told, because who was to tell it was killed before: they would run on, and
 * nobody would know of them. Children that are older were there before this command, as a shell's are that has become it.
 * proc_pid_children(5): not all kernels have the file.
 * @param startedAt when the first one was started: performance.now()
 */
export function untold(told: (number | undefined)[], startedAt: number): number[] {
  const file = `/proc/self/task/${process.pid}/children`;
  if (!existsSync(file)) return [];
  const since = uptime() - (performance.now() - startedAt) / 1000;
  const isOurs = (pid: number): boolean =>
    !told.includes(pid) && Number(startTimeOf(pid) ?? 0) >= (since - TICK) / TICK;
  return readFileSync(file, 'latin1').trim().split(' ').map(Number).filter(isOurs);
}

/** proc_pid_stat(5), starttime: in seconds. */
const TICK = 0.01;

// proc_uptime(5)
const uptime = (): number => Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
