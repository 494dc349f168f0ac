// Container ids: what may be one.
import { shorten, UsageError } from '../errors.ts';

/** Checks a container id before anything is touched: letters, digits and _+-. , as in runc, and not "." or "..". */
export function checkId(id: string): void {
  const isValid = /^[\w+\-.]+$/.test(id) && id !== '.' && id !== '..';
  // The id is a file name in the state folder and, by default, in every cgroup hierarchy.
  const isShort = id.length <= 255;
  if (isValid && isShort) return;
  const reason = isValid ? `is ${id.length} characters long, at most 255 are possible` : 'is not a container id';
  throw new UsageError(`${JSON.stringify(shorten(id))} ${reason}`, {
    hint: 'use letters, digits and the characters _ + - .',
  });
}
