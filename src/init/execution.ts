// How the kernel runs a process: its CPUs, its personality, where its memory comes from. All of it is inherited.
import type { Script } from '../final/script.ts';
import { ALL_CPUS } from '../plan/affinity.ts';
import { MOST_NUMBERS } from '../plan/number-set.ts';
import type { Plan } from '../plan/plan.ts';

/** What the runtime's caller was bound to is not the container's business: its cgroup says on which CPUs it runs. */
export function resetAffinity(script: Script): void {
  setAffinity(script, 'reset the CPU affinity', ALL_CPUS);
}

/** sched_setaffinity(2) for the calling process. */
export function setAffinity(script: Script, name: string, mask: Uint8Array): void {
  script.within(name, () => script.call('sched_setaffinity', [0, mask.length, script.program.bytes(mask)]));
}

/** linux.personality. */
export function setPersonality(script: Script, { personality }: Pick<Plan, 'personality'>): void {
  if (personality === undefined) return;
  script.within('/linux/personality', () => script.call('personality', [personality]));
}

/** linux.memoryPolicy. The kernel takes one off the number of bits, set_mempolicy(2). */
export function setMemoryPolicy(script: Script, { memoryPolicy }: Pick<Plan, 'memoryPolicy'>): void {
  if (memoryPolicy === undefined) return;
  const { mode, nodes, text } = memoryPolicy;
  const mask = nodes === undefined ? [0, 0] : [script.program.bytes(nodes), MOST_NUMBERS + 1];
  script.within('/linux/memoryPolicy', () => script.call('set_mempolicy', [mode, ...mask], { path: text }));
}
