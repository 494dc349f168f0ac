// process.terminal and process.consoleSize (config.md, "Process"), and who gets the terminal's master.
import type { Process } from '../bundle/config.ts';
import { RuntimeError } from '../errors.ts';

export interface TerminalPlan {
  size: { height: number; width: number } | undefined;
  /** The terminal's owner. */
  uid: number;
}

/** undefined: the standard streams are the caller's. */
export function planTerminal({ terminal, consoleSize, user }: Process): TerminalPlan | undefined {
  return terminal === true ? { size: consoleSize, uid: user?.uid ?? 0 } : undefined;
}

/**
 * Checks that there is somebody for the master: the runtime itself in the foreground, else who listens at the socket.
 * The words are runc's.
 * @throws RuntimeError
 */
export function checkConsole(
  terminal: TerminalPlan | undefined,
  { detach, consoleSocket }: { detach: boolean; consoleSocket: string | undefined },
): void {
  if (terminal !== undefined && detach && consoleSocket === undefined) {
    throw new RuntimeError('cannot allocate tty if runts will detach without setting console socket', {
      hint: 'use --console-socket, or set process.terminal to false',
    });
  }
  if (consoleSocket !== undefined && (terminal === undefined || !detach)) {
    throw new RuntimeError('cannot use console socket if runts will not detach or allocate tty');
  }
}
