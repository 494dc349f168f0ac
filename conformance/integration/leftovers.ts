// Whatever fails or is deleted leaves nothing behind: compares the host before and after.
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import type { Runtime } from '../runtime.ts';
import { belongsTo, cgroupsOf, hostMounts, parseStatus, pids, readText } from './host.ts';

export interface Snapshot {
  runtime: Runtime;
  /** One line per mount, cgroup directory, process, namespace and state folder. */
  things: Set<string>;
}

/** What there is now, as far as one test file's runtime may have made it. */
export function snapshot(runtime: Runtime): Snapshot {
  const isOurs = (pid: number): boolean => pid !== process.pid && !isOthers(pid) && belongsTo(pid, runtime.tag);
  const processes = pids().filter(isOurs);
  const things = [
    ...hostMounts().map((target) => `mount ${target}`),
    ...cgroupsOf(runtime.tag).map((directory) => `cgroup ${directory}`),
    ...processes.map((pid) => `process ${pid} (${describe(pid)})`),
    ...processes.flatMap(namespacesOf).filter((namespace) => !ownNamespaces.has(namespace)),
    ...stateFolders(runtime.root).map((name) => `state ${name}`),
  ];
  return { runtime, things: new Set(things) };
}

/**
 * What is there now and was not before. What goes away within a moment is no leftover: a killed process takes time to
 * end, and the mounts of somebody else's containers come and go.
 */
export function leftovers(before: Snapshot, limitMs = 4000): string[] {
  const isNew = (thing: string): boolean => !before.things.has(thing);
  const end = performance.now() + limitMs;
  let left = [...snapshot(before.runtime).things].filter(isNew);
  while (left.length > 0 && performance.now() < end) {
    Bun.sleepSync(20);
    const now = snapshot(before.runtime).things;
    left = left.filter((thing) => now.has(thing));
  }
  return left;
}

// Collecting an orphan is the host's init's business, which may take its time; the children of kthreadd(2) are the
// kernel's own, which rename themselves.
function isOthers(pid: number): boolean {
  const status = parseStatus(readText(`/proc/${pid}/status`));
  const parent = status.get('PPid');
  return parent === '2' || (parent === '1' && status.get('State')?.startsWith('Z') === true);
}

function describe(pid: number): string {
  const command = readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
  return command === '' ? readText(`/proc/${pid}/comm`).trim() : command;
}

const ownNamespaces = new Set(namespacesOf(process.pid));

function namespacesOf(pid: number): string[] {
  try {
    const folder = `/proc/${pid}/ns`;
    return readdirSync(folder).map((name) => `namespace ${readlinkSync(`${folder}/${name}`)}`);
  } catch {
    return [];
  }
}

function stateFolders(root: string): string[] {
  return existsSync(root) ? readdirSync(root) : [];
}
