// Everything that makes a process the container's, but for the program that it runs.
import type { Script } from '../final/script.ts';
import type { Plan } from '../plan/plan.ts';
import { setMemoryPolicy, setPersonality } from './execution.ts';
import { joinKeyring, takePrivileges } from './privileges.ts';

/**
 * Takes on what the config says about the container process. Programs of the image run only after that: the user's, and
 * startContainer hooks.
 * @param kept as in takePrivileges
 */
export function becomeContainerProcess(script: Script, plan: Plan, { kept = 0n } = {}): void {
  setPersonality(script, plan);
  setMemoryPolicy(script, plan);
  if (plan.newKeyring) joinKeyring(script, plan.id);
  if (plan.process !== undefined) takePrivileges(script, plan, plan.process, { kept });
}
