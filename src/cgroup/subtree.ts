// Enables controllers along the path to a v2 cgroup, and checks that processes may be in there (cgroup-v2.rst, "Enabling
// and Disabling", "No Internal Process Constraint", "Threads").
import { existsSync, readFileSync, writeFileSync } from '../../bindings/file-system.ts';
import { errnoOf, RuntimeError } from '../errors.ts';

/** A folder of a v2 hierarchy that has been made. */
export interface V2Folder {
  mountPoint: string;
  directory: string;
}

/**
 * Enables controllers for a cgroup in all cgroups above it, as far as that is possible.
 * @param wanted names of controllers; undefined: all that there are
 */
export function enableControllers({ mountPoint, directory }: V2Folder, wanted?: string[]): void {
  const available = wordsOf(`${mountPoint}/cgroup.controllers`);
  const names = wanted === undefined ? available : wanted.filter((name) => available.includes(name));
  if (isSubset(names, wordsOf(`${directory}/cgroup.controllers`))) return;
  for (const parent of parentsOf(directory, mountPoint)) {
    const missing = missingIn(names, wordsOf(`${parent}/cgroup.subtree_control`));
    if (missing.length === 0 || enable(parent, missing) === undefined) continue;
    // All or none: one that can't be enabled must not keep the others out.
    for (const name of missing) enable(parent, [name]);
  }
}

/** Why a controller is not enabled in a cgroup, for the error; undefined if the host doesn't have it. */
export function whyNotEnabled({ mountPoint, directory }: V2Folder, name: string): RuntimeError | undefined {
  for (const parent of parentsOf(directory, mountPoint)) {
    if (!wordsOf(`${parent}/cgroup.controllers`).includes(name)) return undefined;
    const file = `${parent}/cgroup.subtree_control`;
    if (wordsOf(file).includes(name)) continue;
    const errno = enable(parent, [name]);
    if (errno === undefined) continue;
    const hint = HINTS[errno];
    return new RuntimeError(`the controller ${name} cannot be enabled: write "+${name}" to ${file}: ${errno}`, {
      errno,
      ...(hint !== undefined && { hint }),
    });
  }
  return undefined;
}

const HINTS: Record<string, string> = {
  EBUSY: 'that cgroup has processes of its own: move them to a cgroup below it, or choose another linux.cgroupsPath',
  EOPNOTSUPP: 'that cgroup is threaded, which this controller can not be',
  EACCES: 'that cgroup is not delegated to this user',
  EPERM: 'that cgroup is not delegated to this user',
  EROFS: 'the cgroup file system is mounted read-only here',
};

/**
 * Checks that a cgroup takes processes.
 * @throws RuntimeError in a threaded tree: what the kernel says there, EOPNOTSUPP, says nothing
 */
export function checkDomain({ directory }: V2Folder): void {
  const [type = 'domain'] = existsSync(`${directory}/cgroup.type`) ? linesOf(`${directory}/cgroup.type`) : [];
  if (type === 'domain' || type === 'domain threaded') return;
  const reason = `cgroup ${directory} is "${type}": the cgroup above it is threaded`;
  throw new RuntimeError(reason, { hint: 'choose a linux.cgroupsPath below a cgroup that is not threaded' });
}

// The cgroups above it that are within the mount, from the top.
function parentsOf(directory: string, mountPoint: string): string[] {
  const parts = directory.slice(mountPoint.length).split('/').filter(Boolean);
  return parts.map((_, index) => [mountPoint, ...parts.slice(0, index)].join('/'));
}

// The errno's name if it's refused.
function enable(parent: string, names: string[]): string | undefined {
  if (hasProcesses(parent)) return 'EBUSY';
  try {
    writeFileSync(`${parent}/cgroup.subtree_control`, names.map((name) => `+${name}`).join(' '));
    return undefined;
  } catch (error) {
    return errnoOf(error) ?? String(error);
  }
}

// Some controllers the kernel would enable beside processes, making the tree a threaded one: no other controller could be
// enabled there, and no process could be put into the cgroups below. Only the root, which has no type, may have both.
function hasProcesses(folder: string): boolean {
  if (!existsSync(`${folder}/cgroup.type`)) return false;
  try {
    return readFileSync(`${folder}/cgroup.procs`, 'latin1') !== '';
  } catch (error) {
    // A threaded cgroup does not tell.
    if (errnoOf(error) === 'EOPNOTSUPP') return false;
    throw error;
  }
}

function missingIn(names: string[], present: string[]): string[] {
  return names.filter((name) => !present.includes(name));
}

function isSubset(names: string[], present: string[]): boolean {
  return missingIn(names, present).length === 0;
}

function wordsOf(file: string): string[] {
  return linesOf(file).flatMap((line) => line.split(' ').filter(Boolean));
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'latin1').trimEnd().split('\n');
}
