// What the runtime does for a few configs only, while the container process waits for its next program. Code and work
// for each are loaded and done only if the config asks for it.
import type { Plan } from '../plan/plan.ts';

type Action = (pid: number) => void;

export interface Extras {
  /** The process is in its namespaces; nothing else has been done there. */
  inNamespaces: Action[];
  /** The process has everything but its last program. */
  beforeFinal: Action[];
}

/** Finds out what a plan needs beyond what all containers need. */
export async function loadExtras({ process }: Plan): Promise<Extras> {
  const extras: Extras = { inNamespaces: [], beforeFinal: [] };
  // As late as possible: with the least priority the set-up would take its time.
  if (process?.scheduler !== undefined || process?.ioPriority !== undefined) {
    const { setScheduling } = await import('./scheduling.ts');
    extras.beforeFinal.push((pid) => setScheduling(pid, process));
  }
  return extras;
}

/** Does what is to be done at one of the moments. */
export function actAll(actions: Action[], pid: number): void {
  for (const act of actions) act(pid);
}
