// Mounts of type "cgroup" and "cgroup2", in the layout that the host has (v1, hybrid, v2). The container sees its own cgroup,
// but on v2 all that its cgroup namespace has if that isn't a new one: its /proc/self/cgroup says where to look then.
import * as K from '../../bindings/constants.ts';
import type { PlacedCgroup } from '../cgroup/cgroup.ts';
import type { Address, Slot } from '../final/memory.ts';
import type { Row, RowWords } from '../final/rows.ts';
import type { Script } from '../final/script.ts';
import type { MountPlan } from '../plan/mounts.ts';
import { newFileSystem, optionWords, type RowOption } from './file-systems.ts';
import { attach, copyTree, copyTreeAt, setAttributes } from './mount-calls.ts';
import { applyLate, attachAt } from './mounts.ts';
import type { Root } from './paths.ts';

const EEXIST = 17;

export interface CgroupMountOptions {
  placed: PlacedCgroup[];
  /** A new mount has the root that the cgroup namespace has, a new one the container's cgroup, cgroup_namespaces(7). */
  namespace: 'new' | 'joined' | 'host';
}

/** Mounts the container's view of its cgroup. */
export function makeCgroupMount(root: Root, plan: MountPlan, { placed, namespace }: CgroupMountOptions): void {
  const [v1, v2]: [PlacedCgroup[], PlacedCgroup[]] = [[], []];
  for (const place of placed) (place.hierarchy.version === 1 ? v1 : v2).push(place);
  const { script } = root;
  script.begin(`mount ${plan.label}`);
  // Of a hybrid host "cgroup" is the v1 side, where the controllers are.
  const wantsV2 = plan.type === 'cgroup2' && v2.length > 0;
  if (v1.length > 0 && !wantsV2) makeV1(root, plan, { placed: v1, namespace });
  else {
    const mount = script.slot();
    for (const { hierarchy } of v2) {
      viewV2(root, hierarchy, plan, { namespace, into: mount });
      script.release(attachAt(root, mount, plan.destination, 'directory'));
      applyLate(script, plan, mount);
      script.release(mount);
    }
  }
  script.end();
}

// A tmpfs with a folder for each hierarchy.
function makeV1(root: Root, plan: MountPlan, { placed, namespace }: CgroupMountOptions): void {
  const { script, fileSystems } = root;
  const { destination, attributes } = plan;
  const tmpfs = script.slot();
  const set = attributes.set & ~K.MOUNT_ATTR_RDONLY;
  const options = ['mode=755'];
  for (const option of plan.data) if (option.startsWith('context=')) options.push(option);
  newFileSystem(script, fileSystems, { type: 'tmpfs', source: 'tmpfs', options, set }, tmpfs);
  script.release(attachAt(root, tmpfs, destination, 'directory'));
  const [mount, folder] = [script.slot(), script.slot()];
  const name = (index: number) => nameOf(placed[index]);
  const shown = (index: number) => placed[index]?.directory ?? '';
  const isNew = namespace === 'new';
  const views = isNew ? optionsOf(placed) : [];
  script.forEach(isNew ? newRows(script, placed, views) : copyRows(script, placed), (row) => {
    if (isNew) {
      const own = rowOptions(row, views);
      newFileSystem(
        script,
        fileSystems,
        { type: 'cgroup', source: 'cgroup', options: own, set: attributes.set },
        mount,
      );
    } else {
      copyTreeAt(script, row.word(1), mount, { recursive: false, path: shown });
      setAttributes(script, mount, attributes, shown);
    }
    // The new tmpfs is nobody else's yet: there's nothing in it that a path could be diverted by.
    script.call('mkdirat', [tmpfs, row.word(0), 0o755], { path: name });
    const flags = K.O_PATH | K.O_DIRECTORY | K.O_NOFOLLOW | K.O_CLOEXEC;
    script.call('openat', [tmpfs, row.word(0), flags, 0], { path: name, save: folder });
    attach(script, mount, folder, (index) => `${destination}/${name(index)}`);
    script.release(mount);
    script.release(folder);
  });
  linkControllers(script, placed, tmpfs);
  if (set !== attributes.set) setAttributes(script, tmpfs, { set: K.MOUNT_ATTR_RDONLY }, destination);
  applyLate(script, plan, tmpfs);
  script.release(tmpfs);
}

function nameOf(place: PlacedCgroup | undefined): string {
  const mountPoint = place?.hierarchy.mountPoint ?? '';
  return mountPoint.slice(mountPoint.lastIndexOf('/') + 1);
}

function copyRows(script: Script, placed: PlacedCgroup[]): RowWords[] {
  const rows: RowWords[] = [];
  for (const place of placed) rows.push([script.string(nameOf(place)), script.string(place.directory)]);
  return rows;
}

// Options of new mounts, for each hierarchy as many: what has fewer says its first one again.
function optionsOf(placed: PlacedCgroup[]): string[][] {
  const all: string[][] = [];
  let most = 0;
  for (const { hierarchy } of placed) {
    const options: string[] = [];
    for (const controller of hierarchy.controllers) {
      if (controller.startsWith('name=')) options.push('none');
      options.push(controller);
    }
    if (options.length > most) most = options.length;
    all.push(options);
  }
  for (const options of all) while (options.length < most) options.unshift(options[0] ?? 'none');
  return all;
}

function newRows(script: Script, placed: PlacedCgroup[], options: string[][]): RowWords[] {
  const rows: RowWords[] = [];
  let index = 0;
  for (const own of options) {
    const row: (Address | number)[] = [script.string(nameOf(placed[index++]))];
    for (const option of own) row.push(...optionWords(script, option));
    rows.push(row);
  }
  return rows;
}

function rowOptions(row: Row, options: string[][]): RowOption[] {
  const own: RowOption[] = [];
  const count = options[0]?.length ?? 0;
  for (let at = 0; at < count; at++) {
    const first = 1 + 3 * at;
    const args = [row.word(first), row.word(first + 1), row.word(first + 2)] as const;
    own.push({ args, path: (index) => options[index]?.[at] ?? '' });
  }
  return own;
}

// Controllers that share a hierarchy (cpu,cpuacct) are found by their own names too.
function linkControllers(script: Script, placed: PlacedCgroup[], folder: Slot): void {
  const rows: RowWords[] = [];
  const controllers: string[] = [];
  for (const place of placed) {
    const name = nameOf(place);
    for (const controller of place.hierarchy.controllers) {
      if (controller === name || controller.startsWith('name=')) continue;
      rows.push([script.string(name), script.string(controller)]);
      controllers.push(controller);
    }
  }
  const path = (index: number) => controllers[index] ?? '';
  script.forEach(rows, (row) => {
    script.call('symlinkat', [row.word(0), folder, row.word(1)], { path, ignoreErrnos: [EEXIST] });
  });
}

// A detached mount of v2. That of the host is copied: a new one would set the options of all of them.
function viewV2(
  { script, fileSystems }: Root,
  { mountPoint }: PlacedCgroup['hierarchy'],
  { attributes }: MountPlan,
  { namespace, into }: Pick<CgroupMountOptions, 'namespace'> & { into: Slot },
): void {
  if (namespace === 'host') {
    copyTree(script, mountPoint, into, { recursive: false });
    setAttributes(script, into, attributes, mountPoint);
    return;
  }
  newFileSystem(script, fileSystems, { type: 'cgroup2', source: 'cgroup', options: [], set: attributes.set }, into);
}
