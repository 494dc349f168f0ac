// Tells when a container's cgroup runs out of memory.
import { closeSync, existsSync, openSync, writeFileSync } from '../../bindings/file-system.ts';
import { read } from '../../bindings/files.ts';
import { eventfd, watchFile } from '../../bindings/notify.ts';
import { errnoOf } from '../errors.ts';
import type { PlacedCgroup } from './cgroup.ts';
import { flatKeyed } from './statistics/parse.ts';
import { readIfThere } from './write-files.ts';

export interface OutOfMemory {
  /** Becomes readable when it may have happened. */
  fd: number;
  /** Whether it has happened since the last time this was asked. */
  hasHappened(): boolean;
}

/** Begins to watch; undefined where there is no memory controller. */
export function watchOutOfMemory(placed: PlacedCgroup[]): OutOfMemory | undefined {
  const v1 = placed.find(({ hierarchy }) => hierarchy.controllers.includes('memory'));
  if (v1 !== undefined) return watchV1(v1.directory);
  const v2 = placed.find(({ hierarchy }) => hierarchy.version === 2);
  if (v2 === undefined || !existsSync(`${v2.directory}/memory.events`)) return undefined;
  return watchV2(v2.directory);
}

// cgroup-v1/memory.rst, "OOM Control": an eventfd is registered for memory.oom_control.
function watchV1(directory: string): OutOfMemory {
  const fd = eventfd();
  const controlFd = openSync(`${directory}/memory.oom_control`, 'r');
  writeFileSync(`${directory}/cgroup.event_control`, `${fd} ${controlFd}`);
  closeSync(controlFd);
  // It's told as well when the cgroup is removed.
  return { fd, hasHappened: () => drain(fd, 8) && existsSync(directory) };
}

// cgroup-v2.rst, memory.events: "A non-zero value modification generates a file modified event".
function watchV2(directory: string): OutOfMemory {
  const file = `${directory}/memory.events`;
  const kills = () => flatKeyed(readIfThere(file)).get('oom_kill');
  const fd = watchFile(file);
  let known = kills();
  const hasHappened = () => {
    drain(fd, 4096);
    const now = kills();
    const isNew = now !== undefined && now !== known;
    known = now ?? known;
    return isNew;
  };
  return { fd, hasHappened };
}

function drain(fd: number, size: number): boolean {
  try {
    return read(fd, new Uint8Array(size)) > 0;
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN') return false;
    throw error;
  }
}
