// Sets the limits of linux.resources: each controller's part goes to the hierarchy that has the controller, whichever
// version that is. Loaded only for containers that have limits.
import type { Resources } from '../bundle/config.ts';
import { RuntimeError, withStep } from '../errors.ts';
import type { PlacedCgroup } from './cgroup.ts';
import { unified } from './controllers/unified.ts';
import { CONTROLLERS, type Controller } from './controllers.ts';
import { prepareDevices } from './devices.ts';
import type { LimitOptions } from './driver.ts';
import { enableControllers, type V2Folder, whyNotEnabled } from './subtree.ts';
import type { CgroupFiles, CgroupWrite } from './write.ts';
import { FormerValues, makeRoom, readIfThere, writeFiles } from './write-files.ts';

/**
 * Sets limits in a container's cgroup.
 * @throws RuntimeError that names the property which can't be set
 */
export async function setLimits(placed: PlacedCgroup[], resources: Resources, options: LimitOptions): Promise<void> {
  const former = options.setsBack ? new FormerValues() : undefined;
  try {
    // What can't be prepared should fail before anything is changed.
    const setDevices = await prepareDevices(placed, resources.devices ?? [], options);
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
  if (folder?.hierarchy.version === 2 && controller.v2Name !== undefined) {
    enableControllers(v2Place(folder), [controller.v2Name]);
  }
  const writes = writesOf(controller, resources, { folder, options });
  checkController(controller, folder, writes);
  if (folder === undefined) return;
  const limit = writes.find(({ file }) => file === 'memory.max');
  // A container that runs is the kernel's business (cgroup-v2.rst, memory.max), unless checkBeforeUpdate is set.
  if (limit !== undefined && former === undefined) makeRoom(folder.directory, limit);
  writeFiles(folder.directory, writes, former);
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
  if (folder === undefined) throw noController(v1Name, first.pointer);
  if (v2Name !== undefined) checkEnabled(folder, v2Name, first.pointer);
}

function checkEnabled(folder: PlacedCgroup, name: string, pointer: string): void {
  if (controllersOf(folder.directory).includes(name)) return;
  throw withStep(pointer, whyNotEnabled(v2Place(folder), name) ?? noController(name));
}

function noController(name: string, ...steps: string[]): RuntimeError {
  return new RuntimeError(`the host has no cgroup controller ${name}`, { steps });
}

function v2Place({ hierarchy, directory }: PlacedCgroup): V2Folder {
  return { mountPoint: hierarchy.mountPoint, directory };
}

function setUnified(files: Record<string, string>, { placed, options, former }: Context): void {
  const [first] = Object.keys(files);
  if (first === undefined) return;
  const folder = v2FolderOf(placed);
  if (folder === undefined) {
    throw new RuntimeError('the host has no cgroup v2 hierarchy', { steps: [`${options.pointer}/unified/${first}`] });
  }
  const { directory } = folder;
  const seen = new Set(['cgroup']);
  for (const file of Object.keys(files)) {
    const [controller = ''] = file.split('.');
    if (seen.has(controller)) continue;
    seen.add(controller);
    enableControllers(v2Place(folder), [controller]);
    checkEnabled(folder, controller, `${options.pointer}/unified/${file}`);
  }
  writeFiles(directory, unified(files, filesOf(directory, options)), former);
}

function controllersOf(directory: string): string[] {
  return (readIfThere(`${directory}/cgroup.controllers`) ?? '').split(' ');
}
