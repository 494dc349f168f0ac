// Writes values to the files of a cgroup, so that those which have to fit each other do, and remembers what was there.
import * as K from '../../bindings/constants.ts';
import { closeSync, openSync, readFileSync, writeSync } from '../../bindings/file-system.ts';
import { pollReadable } from '../../bindings/files.ts';
import { errnoOf, RuntimeError } from '../errors.ts';
import type { CgroupWrite } from './write.ts';

/** What was in files before they were written, to be set back when a later one is refused. */
export class FormerValues {
  readonly #values: [path: string, value: string][] = [];

  remember(path: string): void {
    const text = readIfThere(path) ?? '';
    // What v1's memory.oom_control takes is the first of the values that it shows.
    const value = /^oom_kill_disable (\d)$/m.exec(text)?.[1] ?? text;
    // Tables of devices and the like can't be written as they are read.
    if (/^\S+( \S+)?$/.test(value)) this.#values.push([path, value]);
  }

  /**
   * Puts the values back, as far as the kernel takes them: there is an error to report already. Those that have to fit
   * each other may need a second attempt, as in writeFiles.
   */
  setBack(): void {
    const refused = this.#values.reverse().filter((former) => !tryToWrite(...former));
    for (const former of refused) tryToWrite(...former);
  }
}

function tryToWrite(path: string, value: string): boolean {
  try {
    writeText(path, value);
    return true;
  } catch {
    return false;
  }
}

/** A file's text without the line feed at its end; undefined if there's no such file. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trimEnd();
  } catch (error) {
    // Files that can only be written, or whose value can't be told, are there all the same.
    return errnoOf(error) === 'ENOENT' ? undefined : '';
  }
}

/**
 * Writes values. Some limits of a controller have to fit each other, such as memory and memory+swap, or quota and burst:
 * which one has to come first depends on what is there. One that is refused is tried again after the others.
 * @throws RuntimeError that names the property
 */
export function writeFiles(directory: string, writes: CgroupWrite[], former?: FormerValues): void {
  for (const { file } of writes) former?.remember(`${directory}/${file}`);
  const refused = writes.filter((write) => !writeOne(directory, write, { isLast: writes.length === 1 }));
  for (const write of refused) writeOne(directory, write, { isLast: true });
}

function writeOne(directory: string, write: CgroupWrite, { isLast }: { isLast: boolean }): boolean {
  const { file, value, pointer, harmless = [] } = write;
  const path = `${directory}/${file}`;
  try {
    writePatiently(path, value);
    return true;
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (harmless.includes(errno)) return true;
    if (errno === 'EINVAL' && !isLast) return false;
    const hint = HINTS[errno];
    throw new RuntimeError(`write ${JSON.stringify(value)} to ${path}: ${errno}`, {
      steps: [pointer],
      errno,
      cause: error,
      ...(hint !== undefined && { hint }),
    });
  }
}

const HINTS: Record<string, string> = {
  EBUSY: 'the container uses more than that already',
  EINVAL: 'the kernel does not take this value, or not with the other limits of the cgroup and those above it',
  ENODEV: 'there is no such device',
  ENOENT: 'the kernel has no such limit',
  EACCES: 'the parent cgroup does not have that, or this user may not change it',
};

/**
 * Makes a new container's usage fit its limit, as cgroup v1 does: v2 would end a process for a limit below the usage.
 * memory.high takes back what can be taken back, and also what the CPUs hold in advance.
 * @throws RuntimeError if the usage stays above
 */
export function makeRoom(directory: string, { value, pointer }: CgroupWrite): void {
  if (value === 'max') return;
  const usage = () => BigInt(readIfThere(`${directory}/memory.current`) || 0);
  if (usage() <= BigInt(value)) return;
  const former = readIfThere(`${directory}/memory.high`) ?? 'max';
  for (let attempt = 1; attempt <= ATTEMPTS && usage() > BigInt(value); attempt++) {
    writeText(`${directory}/memory.high`, value);
    pollReadable([], PAUSE_MS);
  }
  writeText(`${directory}/memory.high`, former);
  const rest = usage();
  if (rest <= BigInt(value)) return;
  throw new RuntimeError(`${value} is below what the container uses already, ${rest}`, { steps: [pointer] });
}

const ATTEMPTS = 25;
const PAUSE_MS = 4;

// A memory limit below the usage is refused with EBUSY. But what counts as usage are also pages that each CPU has taken
// in advance (MEMCG_CHARGE_BATCH); the refusal makes the CPUs give them back, a moment later.
function writePatiently(path: string, value: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      writeText(path, value);
      return;
    } catch (error) {
      if (errnoOf(error) !== 'EBUSY' || attempt === ATTEMPTS) throw error;
    }
    pollReadable([], PAUSE_MS);
  }
}

// Without O_CREAT and O_TRUNC, which these file systems would refuse for a file that is not there with other errnos.
function writeText(path: string, value: string): void {
  const fd = openSync(path, K.O_WRONLY);
  try {
    writeSync(fd, new TextEncoder().encode(value));
  } finally {
    closeSync(fd);
  }
}
