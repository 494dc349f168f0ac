// Ends the hooks that another command of the runtime waits for: one without a timeout may hang for ever.
import { SIGKILL } from '../../bindings/constants.ts';
import { closeSync, readFileSync } from '../../bindings/file-system.ts';
import { pidfdOpen, pidfdSendSignal } from '../../bindings/process.ts';

/**
 * Kills the children of a process if that is a runtime, too: while it holds a container's lock these are the container
 * process and a hook. Their failure makes it undo what it did.
 * @param pid the runtime's
 */
export function endHooksOf(pid: number): void {
  try {
    if (!isRuntime(pid)) return;
    for (const child of childrenOf(pid)) end(child, pid);
  } catch {
    // It has just ended, or the kernel keeps no lists of children (CONFIG_PROC_CHILDREN).
  }
}

// Somebody else may hold the lock, flock(1) for example: what that has started is none of our business.
function isRuntime(pid: number): boolean {
  const [own, other] = ['self', pid].map((process) => readFileSync(`/proc/${process}/comm`, 'latin1'));
  return own === other;
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

// Its parent is looked at after the pidfd was opened: what that refers to can't change any more.
function end(child: number, parent: number): void {
  const pidfd = pidfdOpen(child);
  if (pidfd === undefined) return;
  if (childrenOf(parent).includes(child)) pidfdSendSignal(pidfd, SIGKILL);
  closeSync(pidfd);
}
