// Mounts of type "cgroup" and "cgroup2", in the layout that the host has (v1, hybrid, v2). The container sees its own cgroup,
// but on v2 all that its cgroup namespace has if that isn't a new one: its /proc/self/cgroup says where to look then.
import * as K from '../../bindings/constants.ts';
import type { PlacedCgroup } from '../cgroup/cgroup.ts';
import type { Address, Operand, Slot } from '../final/memory.ts';
import type { Row, RowWords } from '../final/rows.ts';
import type { Script } from '../final/script.ts';
import type { Words } from '../final/steps.ts';
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
  const [v1, v2] = [1, 2].map((version) => placed.filter(({ hierarchy }) => hierarchy.version === version));
  const { script } = root;
  script.within(`mount ${plan.label}`, () => {
    const mount = script.slot();
    // Of a hybrid host "cgroup" is the v1 side, where the controllers are.
    const wantsV2 = plan.type === 'cgroup2' && v2?.length !== 0;
    if (v1 !== undefined && v1.length > 0 && !wantsV2) {
      makeV1(root, plan, { placed: v1, namespace });
      return;
    }
    for (const place of v2 ?? []) {
      viewV2(root, place.hierarchy, plan, { namespace, into: mount });
      script.release(attachAt(root, mount, plan.destination, 'directory'));
      applyLate(script, plan, mount);
      script.release(mount);
    }
  });
}

// A tmpfs with a folder for each hierarchy.
function makeV1(root: Root, plan: MountPlan, { placed, namespace }: CgroupMountOptions): void {
  const { script } = root;
  const tmpfs = script.slot();
  const set = plan.attributes.set & ~K.MOUNT_ATTR_RDONLY;
  const options = ['mode=755', ...plan.data.filter((option) => option.startsWith('context='))];
  newFileSystem(script, root.fileSystems, { type: 'tmpfs', source: 'tmpfs', options, set }, tmpfs);
  script.release(attachAt(root, tmpfs, plan.destination, 'directory'));
  const [mount, folder] = [script.slot(), script.slot()];
  const view = namespace === 'new' ? newViews(script, placed) : copiedViews(script, placed);
  const name = (index: number) => nameOf(placed[index]);
  script.forEach(view.rows, (row) => {
    view.make(root, plan, row, mount);
    makeFolder(script, { parent: tmpfs, entry: row.word(0), path: name, into: folder });
    attach(script, mount, folder, (index) => `${plan.destination}/${name(index)}`);
    for (const fd of [mount, folder]) script.release(fd);
  });
  linkControllers(root, placed, tmpfs);
  if (set !== plan.attributes.set) setAttributes(script, tmpfs, { set: K.MOUNT_ATTR_RDONLY }, plan.destination);
  applyLate(script, plan, tmpfs);
  script.release(tmpfs);
}

function nameOf(place: PlacedCgroup | undefined): string {
  const mountPoint = place?.hierarchy.mountPoint ?? '';
  return mountPoint.slice(mountPoint.lastIndexOf('/') + 1);
}

/** How the mounts of all v1 hierarchies are made. */
interface Views {
  /** A row for each; its first word is the name of the folder. */
  rows: RowWords[];
  make(root: Root, plan: MountPlan, row: Row, into: Slot): void;
}

function copiedViews(script: Script, placed: PlacedCgroup[]): Views {
  const rows: RowWords[] = [];
  for (const place of placed) rows.push([script.string(nameOf(place)), script.string(place.directory)]);
  const path = (index: number) => placed[index]?.directory ?? '';
  return {
    rows,
    make({ script }, { attributes }, row, into) {
      copyTreeAt(script, row.word(1), into, { recursive: false, path });
      setAttributes(script, into, attributes, path);
    },
  };
}

// Rows are of one length: what has fewer options says its first one again.
function newViews(script: Script, placed: PlacedCgroup[]): Views {
  let most = 0;
  const options: string[][] = [];
  for (const { hierarchy } of placed) {
    const own = optionsOf(hierarchy.controllers);
    options.push(own);
    most = own.length > most ? own.length : most;
  }
  const rows: RowWords[] = [];
  let index = 0;
  for (const own of options) {
    while (own.length < most) own.unshift(own[0] ?? 'none');
    const row: (Address | number)[] = [script.string(nameOf(placed[index++]))];
    for (const option of own) row.push(...optionWords(script, option));
    rows.push(row);
  }
  return {
    rows,
    make({ script, fileSystems }, { attributes: { set } }, row, into) {
      const settings: RowOption[] = [];
      for (let at = 0; at < most; at++) {
        const first = 1 + 3 * at;
        const args = [row.word(first), row.word(first + 1), row.word(first + 2)] as const;
        settings.push({ args, path: (index) => options[index]?.[at] ?? '' });
      }
      newFileSystem(script, fileSystems, { type: 'cgroup', source: 'cgroup', options: settings, set }, into);
    },
  };
}

function optionsOf(controllers: readonly string[]): string[] {
  const options: string[] = [];
  for (const controller of controllers) {
    if (controller.startsWith('name=')) options.push('none');
    options.push(controller);
  }
  return options;
}

interface Folder {
  parent: Slot;
  entry: Operand;
  path: Words;
  into: Slot;
}

// The new tmpfs is nobody else's yet: there's nothing in it that a path could be diverted by.
function makeFolder(script: Script, { parent, entry, path, into }: Folder): void {
  script.call('mkdirat', [parent, entry, 0o755], { path });
  const flags = K.O_PATH | K.O_DIRECTORY | K.O_NOFOLLOW | K.O_CLOEXEC;
  script.call('openat', [parent, entry, flags, 0], { path, save: into });
}

// Controllers that share a hierarchy (cpu,cpuacct) are found by their own names too.
function linkControllers({ script }: Root, placed: PlacedCgroup[], folder: Slot): void {
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
