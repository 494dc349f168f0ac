// Sets the limits of linux.resources: each controller's part goes to the hierarchy that has the controller, whichever
// version that is. Loaded only for containers that have limits.
import type { Resources } from '../bundle/config.ts';
import { RuntimeError } from '../errors.ts';
import type { PlacedCgroup } from './cgroup.ts';
import { unified } from './controllers/unified.ts';
import { CONTROLLERS, type Controller } from './controllers.ts';
import { prepareDevices } from './devices.ts';
import type { LimitOptions } from './driver.ts';
import type { CgroupFiles, CgroupWrite } from './write.ts';
import { FormerValues, readIfThere, writeFiles } from './write-files.ts';

/**
 * Sets limits in a container's cgroup.
 * @throws RuntimeError that names the property which can't be set
 */
export async function setLimits(placed: PlacedCgroup[], resources: Resources, options: LimitOptions): Promise<void> {
  const former = options.setsBack ? new FormerValues() : undefined;
  try {
    // What can't be prepared should fail before anything is changed.
    const setDevices = await prepareDevices(placed, resources.devices ?? [], options.pointer);
    for (const controller of CONTROLLERS) {
      if (resources[controller.part] !== undefined) setController(controller, resources, { placed, options, former });
    }
    if (resources.unified !== undefined) setUnified(resources.unified, { placed, options, former });
    setDevices();
  } catch (error) {
    former?.setBack();
    throw error;
  }
}

interface Context {
  placed: PlacedCgroup[];
  options: LimitOptions;
  former: FormerValues | undefined;
}

function setController(controller: Controller, resources: Resources, { placed, options, former }: Context): void {
  const folder = folderOf(placed, controller);
  const writes = writesOf(controller, resources, { folder, options });
  checkController(controller, folder, writes);
  if (folder !== undefined) writeFiles(folder.directory, writes, former);
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

function setUnified(files: Record<string, string>, { placed, options, former }: Context): void {
  const [first] = Object.keys(files);
  if (first === undefined) return;
  const folder = v2FolderOf(placed);
  if (folder === undefined) {
    throw new RuntimeError('the host has no cgroup v2 hierarchy', { steps: [`${options.pointer}/unified/${first}`] });
  }
  const { directory } = folder;
  writeFiles(directory, unified(files, filesOf(directory, options), controllersOf(directory)), former);
}

function controllersOf(directory: string): string[] {
  return (readIfThere(`${directory}/cgroup.controllers`) ?? '').split(' ');
}
