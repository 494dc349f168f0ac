// Freezes and thaws all processes of a cgroup (cgroup-v1/freezer-subsystem.rst; cgroup-v2.rst, "cgroup.freeze").
import { existsSync, readFileSync, writeFileSync } from '../../bindings/file-system.ts';
import { pollReadable } from '../../bindings/files.ts';
import { RuntimeError, step } from '../errors.ts';
import { type CgroupFolder, processesIn } from './processes.ts';

interface Freezer {
  file: string;
  /** What is written, and how it's told that it has come about. */
  frozen: string;
  thawed: string;
  isFrozen(): boolean;
}

const PATIENCE_MS = 10_000;

/**
 * Freezes all processes and waits until they are.
 * @throws RuntimeError if some can't be frozen in 10 seconds; all go on then
 */
export function freezeCgroup(folders: CgroupFolder[], patienceMs = PATIENCE_MS): void {
  const freezer = freezerOf(folders);
  step(`freeze ${freezer.file}`, () => {
    writeFileSync(freezer.file, freezer.frozen);
    if (waitUntil(freezer, true, patienceMs)) return;
    writeFileSync(freezer.file, freezer.thawed);
    throw new RuntimeError(`not all processes can be frozen within ${patienceMs / 1000} s`);
  });
}

/**
 * Lets all processes go on and waits until they do.
 * @throws RuntimeError if they don't: a cgroup above is frozen
 */
export function thawCgroup(folders: CgroupFolder[], patienceMs = PATIENCE_MS): void {
  const freezer = freezerOf(folders);
  step(`thaw ${freezer.file}`, () => {
    writeFileSync(freezer.file, freezer.thawed);
    if (waitUntil(freezer, false, patienceMs)) return;
    throw new RuntimeError('the processes stay frozen', { hint: 'is a cgroup above this one frozen?' });
  });
}

const MOMENT_MS = 300;

/**
 * Does something to the processes while they are frozen, as far as they can be: meanwhile none gets away by forking, and
 * none ends and leaves its pid to another process.
 */
export function whileFrozen(folders: CgroupFolder[], action: () => void): void {
  const isFrozenNow = freezeForAMoment(folders);
  try {
    action();
  } finally {
    if (isFrozenNow) thawCgroup(folders);
  }
}

// What is frozen already stays so. A caller in there, by whatever way, would never thaw it.
function freezeForAMoment(folders: CgroupFolder[]): boolean {
  try {
    if (freezerOf(folders).isFrozen() || processesIn(folders).includes(process.pid)) return false;
    freezeCgroup(folders, MOMENT_MS);
    return true;
  } catch {
    // There is no freezer, the cgroup is gone, or a process can't be stopped just now: then it can't fork either.
    return false;
  }
}

// A host may have both; v1's is the one that `state` and others look at first.
function freezerOf(folders: CgroupFolder[]): Freezer {
  for (const { directory } of folders) {
    const file = `${directory}/freezer.state`;
    const isFrozen = () => read(file).startsWith('FROZEN');
    if (existsSync(file)) return { file, frozen: 'FROZEN', thawed: 'THAWED', isFrozen };
  }
  for (const { directory } of folders) {
    const file = `${directory}/cgroup.freeze`;
    const isFrozen = () => read(`${directory}/cgroup.events`).includes('frozen 1');
    if (existsSync(file)) return { file, frozen: '1', thawed: '0', isFrozen };
  }
  const hint = "the v1 controller freezer, or cgroup v2's cgroup.freeze";
  throw new RuntimeError('the container has no cgroup that can be frozen', { hint });
}

function read(file: string): string {
  return readFileSync(file, 'latin1');
}

const MAX_PAUSE_MS = 20;
const AGAIN_EVERY = 32;

function waitUntil(freezer: Freezer, isFrozen: boolean, patienceMs: number): boolean {
  const end = performance.now() + patienceMs;
  for (let attempt = 1; freezer.isFrozen() !== isFrozen; attempt++) {
    if (performance.now() > end) return false;
    pollReadable([], Math.min(attempt, MAX_PAUSE_MS));
    // A process in a vfork waits for its child, which is frozen already: all have to go on for a moment.
    if (isFrozen && attempt % AGAIN_EVERY === 0) {
      writeFileSync(freezer.file, freezer.thawed);
      writeFileSync(freezer.file, freezer.frozen);
    }
  }
  return true;
}
