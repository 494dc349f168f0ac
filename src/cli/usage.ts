// Errors of the command line: one line each, with where to look.
import { UsageError } from '../errors.ts';
import type { CommandName } from './commands.ts';

/** The command line is wrong; `command` is undefined when it went wrong before the command. */
export function usageError(command: CommandName | undefined, reason: string): UsageError {
  return new UsageError(reason, contextOf(command));
}

/** A command or option that this runtime describes but can't do. */
export function notYetError(
  command: CommandName | undefined,
  { what, why }: { what?: string; why?: string | undefined },
): UsageError {
  const steps = [command, what].filter((step) => step !== undefined);
  return new UsageError('not supported yet', { steps, ...(why !== undefined && { hint: why }) });
}

/** A command or option that doesn't exist; help.ts looks for the one that was meant. */
export class UnknownNameError extends UsageError {
  constructor(
    readonly command: CommandName | undefined,
    readonly kind: 'command' | 'option',
    readonly unknown: string,
  ) {
    const shown = unknown === '' ? '""' : unknown;
    super(`unknown ${kind} ${shown}`, contextOf(command));
  }
}

function contextOf(command: CommandName | undefined): { steps: string[]; hint: string } {
  return command === undefined
    ? { steps: [], hint: 'see runts --help' }
    : { steps: [command], hint: `see runts ${command} --help` };
}
