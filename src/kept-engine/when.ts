// When the engine is to be kept.
import { isInitialUserNamespace } from '../../bindings/user-namespace.ts';

/** The commands that are worth it. */
const FREQUENT = ['create', 'run', 'exec'];

/**
 * Whether a command has to see to it first: the launcher has found none, and this is the host's root, who alone can write
 * where it's kept.
 */
export function isToBeKept(command: string): boolean {
  if (Number(process.env.RUNTS_NOKEPT ?? 0) !== 1 || !FREQUENT.includes(command)) return false;
  return process.arch === 'x64' && process.getuid?.() === 0 && isInitialUserNamespace();
}
