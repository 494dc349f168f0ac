// Whether what state.json holds is a record at all: it may be of a damaged disk, or of somebody else's making.
import type { ContainerRecord } from './store.ts';

/** Checks what every command relies on. Not more: it's read at every start of the runtime. */
export function isRecordOf(id: string, value: unknown): value is ContainerRecord {
  if (!isObject(value)) return false;
  const { creator, cgroups, hooks, annotations, execDefaults } = value;
  // Paths are made from the id.
  return (
    value.id === id &&
    isProcess(value) &&
    isObject(creator) &&
    isProcess(creator) &&
    isObject(hooks) &&
    isObject(annotations) &&
    isObject(execDefaults) &&
    typeof (execDefaults.process ?? '') === 'string' &&
    Array.isArray(cgroups) &&
    cgroups.every((entry) => isObject(entry) && typeof entry.directory === 'string')
  );
}

function isProcess({ pid, startTime }: Record<string, unknown>): boolean {
  return Number.isInteger(pid) && typeof startTime === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
