// What a controller asks for: values for files of the container's cgroup. And what it may know to decide on them.
import type { Integer } from '../bundle/config.ts';
import { RuntimeError } from '../errors.ts';

export interface CgroupWrite {
  /** The file's name in the cgroup. */
  file: string;
  value: string;
  /** The JSON pointer of the property that asks for it. */
  pointer: string;
  /** Errnos that don't matter: the limit has another way. */
  harmless?: string[];
}

/** The cgroup of one controller. */
export interface CgroupFiles {
  /** The JSON pointer of the resources object. */
  pointer: string;
  /** A file's text without the line feed at its end; undefined if there's no such file. */
  read(file: string): string | undefined;
  /** Told what may be left out. */
  warn(message: string): void;
}

/** Whether a limit is set. 0 counts as not set: Go programs write it for that. */
export function isSet(value: Integer | undefined): value is Integer {
  return value !== undefined && value !== 0;
}

/** A property that this host can't do. */
export function refuse(pointer: string, reason: string): never {
  throw new RuntimeError(reason, { steps: [pointer] });
}

/** A limit as cgroup v2 writes it: -1, unlimited, is `max` there (cgroup-v2.rst, "Conventions"). */
export function orMax(limit: Integer): string {
  return limit < 0 ? 'max' : String(limit);
}
