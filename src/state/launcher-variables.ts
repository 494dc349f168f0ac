// The launcher's part of the engine's environment.

/** How the names begin: settings of the engine, and what the launcher tells it. It lets nobody else's through. */
export const OF_LAUNCHER = ['BUN_', 'MIMALLOC', 'RUNTS_FD', 'RUNTS_KE', 'RUNTS_NO', 'RUNTS_RE'] as const;

/** Whether that is one of them. */
export function isOfLauncher(name: string): boolean {
  return OF_LAUNCHER.some((start) => name.startsWith(start));
}
