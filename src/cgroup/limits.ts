// Sets the limits of linux.resources: each controller's part goes to the hierarchy that has the controller, whichever
// version that is. Loaded only for containers that have limits.
import * as K from '../../bindings/constants.ts';
import { closeSync, openSync, readFileSync, writeSync } from '../../bindings/file-system.ts';
import type { Resources } from '../bundle/config.ts';
import { errnoOf, RuntimeError } from '../errors.ts';
import type { PlacedCgroup } from './cgroup.ts';
import { unified } from './controllers/unified.ts';
import { CONTROLLERS, type Controller } from './controllers.ts';
import type { LimitOptions } from './driver.ts';
import type { CgroupFiles, CgroupWrite } from './write.ts';

/**
 * Sets limits in a container's cgroup.
 * @throws RuntimeError that names the property which can't be set
 */
export function setLimits(placed: PlacedCgroup[], resources: Resources, options: LimitOptions): void {
  for (const controller of CONTROLLERS) {
    const part = resources[controller.part];
    if (part === undefined) continue;
    const folder = folderOf(placed, controller);
    const writes = writesOf(controller, resources, { folder, options });
    checkController(controller, folder, writes);
    if (folder !== undefined) writeAll(folder.directory, writes);
  }
  if (resources.unified !== undefined) setUnified(placed, resources.unified, options);
}

// A controller is in one hierarchy only.
function folderOf(placed: PlacedCgroup[], { v1Name }: Controller): PlacedCgroup | undefined {
  return placed.find(({ hierarchy }) => hierarchy.controllers.includes(v1Name)) ?? v2FolderOf(placed);
}

function v2FolderOf(placed: PlacedCgroup[]): PlacedCgroup | undefined {
  return placed.find(({ hierarchy }) => hierarchy.version === 2);
}

interface Place {
  folder: PlacedCgroup | undefined;
  options: LimitOptions;
}

function writesOf(controller: Controller, resources: Resources, { folder, options }: Place): CgroupWrite[] {
  const files = filesOf(folder?.directory, options);
  return folder?.hierarchy.version === 2 ? controller.v2(resources, files) : controller.v1(resources, files);
}

function filesOf(directory: string | undefined, { pointer, warn }: LimitOptions): CgroupFiles {
  return { pointer, warn, read: (file) => (directory === undefined ? undefined : readIfThere(`${directory}/${file}`)) };
}

function checkController(
  { v1Name, v2Name }: Controller,
  folder: PlacedCgroup | undefined,
  writes: CgroupWrite[],
): void {
  const [first] = writes;
  if (first === undefined || folder?.hierarchy.version === 1) return;
  if (folder !== undefined && v2Name !== undefined && controllersOf(folder.directory).includes(v2Name)) return;
  throw new RuntimeError(`the cgroup has no controller ${folder === undefined ? v1Name : v2Name}`, {
    steps: [first.pointer],
  });
}

function setUnified(placed: PlacedCgroup[], files: Record<string, string>, options: LimitOptions): void {
  const names = Object.keys(files);
  if (names.length === 0) return;
  const folder = v2FolderOf(placed);
  if (folder === undefined) {
    throw new RuntimeError('the host has no cgroup v2 hierarchy', {
      steps: [`${options.pointer}/unified/${names[0]}`],
    });
  }
  const { directory } = folder;
  writeAll(directory, unified(files, filesOf(directory, options), controllersOf(directory)));
}

function controllersOf(directory: string): string[] {
  return (readIfThere(`${directory}/cgroup.controllers`) ?? '').split(' ');
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trimEnd();
  } catch (error) {
    // Files that can only be written, or whose value can't be told, are there all the same.
    return errnoOf(error) === 'ENOENT' ? undefined : '';
  }
}

// Some limits of a controller have to fit each other, such as memory and memory+swap, or quota and burst: which one has
// to come first depends on what is there. One that is refused is tried again after the others.
function writeAll(directory: string, writes: CgroupWrite[]): void {
  const refused = writes.filter((write) => !writeOne(directory, write, { isLast: writes.length === 1 }));
  for (const write of refused) writeOne(directory, write, { isLast: true });
}

function writeOne(directory: string, write: CgroupWrite, { isLast }: { isLast: boolean }): boolean {
  const { file, value, pointer, harmless = [] } = write;
  const path = `${directory}/${file}`;
  try {
    writeText(path, value);
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
  ENODEV: 'there is no such device',
  ENOENT: 'the kernel has no such limit',
  EACCES: 'the parent cgroup does not have that, or this user may not change it',
};

// Without O_CREAT and O_TRUNC, which these file systems would refuse for a file that is not there with other errnos.
function writeText(path: string, value: string): void {
  const fd = openSync(path, K.O_WRONLY);
  try {
    writeSync(fd, new TextEncoder().encode(value));
  } finally {
    closeSync(fd);
  }
}
