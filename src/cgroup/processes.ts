// The processes in a container's cgroups: found, thawed, and killed so that none gets away.

import { SIGKILL } from '../../bindings/constants.ts';
import { existsSync, readFileSync, writeFileSync } from '../../bindings/file-system.ts';
import { pollReadable } from '../../bindings/files.ts';
import { kill, wait } from '../../bindings/process.ts';
import { readdirSync } from '../../bindings/stat.ts';
import { errnoOf, step } from '../errors.ts';
import type { ContainerRecord } from '../state/store.ts';

export type CgroupFolder = ContainerRecord['cgroups'][number];

/** The folders that the runtime has made, with whatever is in there: others may be shared with anybody. */
export function ownFolders(folders: CgroupFolder[]): CgroupFolder[] {
  return folders.filter(({ isOwn }) => isOwn);
}

/** The processes in the cgroups and in all cgroups below them. */
export function processesIn(folders: CgroupFolder[]): number[] {
  const pids = new Set<number>();
  forEachBelow(folders, (directory) => {
    const lines = readFileSync(`${directory}/cgroup.procs`, 'latin1').split('\n');
    // 0 is a process of another pid namespace.
    for (const line of lines) if (line !== '' && line !== '0') pids.add(Number(line));
  });
  return [...pids];
}

/**
 * Lets the processes in the runtime's own cgroups go on, also where the container has frozen some itself.
 * cgroup v1: a frozen process does not even die (cgroup-v1/freezer-subsystem.rst).
 */
export function thaw(folders: CgroupFolder[]): void {
  forEachBelow(freezersOf(folders), (directory) => {
    step(`thaw ${directory}`, () => writeFileSync(`${directory}/freezer.state`, 'THAWED'));
  });
}

/**
 * Kills all processes in the runtime's own cgroups, once: none can get away by forking, if the host has cgroup v2 or the
 * freezer of v1. They end a moment later.
 */
export function killAll(folders: CgroupFolder[]): void {
  const own = ownFolders(folders);
  for (const { directory } of own) {
    // The whole tree, at one blow: cgroup-v2.rst, "cgroup.kill".
    const file = `${directory}/cgroup.kill`;
    if (existsSync(file)) ifThere(() => writeFileSync(file, '1'));
  }
  freeze(own);
  const pids = processesIn(own);
  for (const pid of pids) kill(pid, SIGKILL);
  thaw(own);
  // A foreground `run` is the parent of orphans.
  for (const pid of pids) wait(pid, { block: false });
}

const ATTEMPTS = 100;

/** Kills all processes in the runtime's own cgroups until there are none, or gives up: some can't be killed at once. */
export function killAllUntilGone(folders: CgroupFolder[]): void {
  for (let attempt = 1; attempt <= ATTEMPTS && processesIn(ownFolders(folders)).length > 0; attempt++) {
    killAll(folders);
    // Not Bun.sleepSync, which starts a thread of the allocator.
    pollReadable([], Math.min(attempt, 20));
  }
}

function freezersOf(folders: CgroupFolder[]): CgroupFolder[] {
  return ownFolders(folders).filter(({ directory }) => existsSync(`${directory}/freezer.state`));
}

// A process that the kernel can't stop just now isn't waited for long: it can't fork either.
function freeze(folders: CgroupFolder[]): void {
  for (const { directory } of freezersOf(folders)) {
    const file = `${directory}/freezer.state`;
    ifThere(() => writeFileSync(file, 'FROZEN'));
    const isFreezing = () => ifThere(() => readFileSync(file, 'latin1'))?.startsWith('FREEZING');
    for (let attempt = 1; attempt <= ATTEMPTS && isFreezing(); attempt++) pollReadable([], 1);
  }
}

function forEachBelow(folders: CgroupFolder[], action: (directory: string) => void): void {
  const visit = (directory: string): void => {
    action(directory);
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) ifThere(() => visit(`${directory}/${entry.name}`));
    }
  };
  for (const { directory } of folders) ifThere(() => visit(directory));
}

// Cgroups may vanish while one looks; ENODEV is what a removed cgroup's open file says.
function ifThere<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENODEV') return undefined;
    throw error;
  }
}
