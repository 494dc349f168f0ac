// The container's plan, kept for what happens in the container after `create`: startContainer hooks run with the rights
// of the container process, and `exec` repeats what holds for all its processes. Written only where that's needed.
import { existsSync, readFileSync, writeFileSync } from '../../bindings/file-system.ts';
import { step } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { folderOf, PLAN_FILE } from './store.ts';

/** Writes the plan into the container's folder. */
export function savePlan(root: string, plan: Plan): void {
  const path = `${folderOf(root, plan.id)}/${PLAN_FILE}`;
  step('save plan', () => writeFileSync(path, toExactJson(plan), { mode: 0o600 }));
}

/** Reads it again, exactly as it was. */
export function loadPlan(root: string, id: string): Plan {
  const path = `${folderOf(root, id)}/${PLAN_FILE}`;
  return step('load plan', () => fromExactJson(readFileSync(path, 'utf8'))) as Plan;
}

/** The same, for a container that may have none. */
export function findPlan(root: string, id: string): Plan | undefined {
  return existsSync(`${folderOf(root, id)}/${PLAN_FILE}`) ? loadPlan(root, id) : undefined;
}

/** JSON of something that may have 64-bit integers and bytes in it. */
export function toExactJson(value: unknown): string {
  return JSON.stringify(value, toJson);
}

/** The same for a part of a config: integers that large are rare in there, and the replacer costs 0.2 ms. */
export function configToExactJson(part: unknown): string {
  try {
    return JSON.stringify(part);
  } catch {
    return toExactJson(part);
  }
}

/** The value again. */
export function fromExactJson(text: string): unknown {
  // A reviver costs more than all the rest: only where it has something to do.
  return text.includes('"$b') ? JSON.parse(text, fromJson) : JSON.parse(text);
}

// What JSON does not have: masks and limits of 64 bits, compiled programs.
function toJson(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { $bigint: String(value) };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  return value;
}

function fromJson(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$bigint' in value) return BigInt(String(value.$bigint));
  if ('$bytes' in value) return new Uint8Array(Buffer.from(String(value.$bytes), 'base64'));
  return value;
}
