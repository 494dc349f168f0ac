// Strict mode: one thread, so that fork, unshare and setns are legal (docs/architecture.md, "One thread"). The launcher
// starts the engine in it; this is for who calls the engine's executable directly.
import { readdirSync } from 'node:fs';

const STRICT: Record<string, string> = {
  BUN_JSC_useJIT: '0',
  BUN_JSC_useConcurrentGC: '0',
  BUN_JSC_numberOfGCMarkers: '1',
};

// Set when this process was re-executed: should it still not be right, that's an error and no endless loop.
const MARK = 'RUNTS_REEXECUTED';

/** Whether an environment starts the engine in strict mode and without foreign settings. */
export function isStrict(environment: NodeJS.ProcessEnv): boolean {
  const foreign = Object.keys(environment).some((name) => name.startsWith('BUN_') && !(name in STRICT));
  return !foreign && Object.entries(STRICT).every(([name, value]) => environment[name] === value);
}

/** The environment that strict mode needs, made from another. */
export function strictEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('BUN_'));
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...STRICT, [MARK]: '1' };
}

/** Makes sure of strict mode: executes this program anew in it if need be. */
export function ensureStrictMode(): void {
  if (isStrict(process.env) && readdirSync('/proc/self/task').length === 1) return;
  if (process.env[MARK] !== undefined) throw new Error('the engine has several threads in spite of strict mode');
  const args = [process.execPath, ...process.argv.slice(2)];
  process.execve?.(process.execPath, args, strictEnvironment(process.env));
}
