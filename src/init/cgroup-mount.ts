// Mounts of type "cgroup" and "cgroup2", in the layout that the host has (v1, hybrid, v2). The container sees its own cgroup,
// but on v2 all that its cgroup namespace has if that isn't a new one: its /proc/self/cgroup says where to look then.
import * as K from '../../bindings/constants.ts';
import type { PlacedCgroup } from '../cgroup/cgroup.ts';
import type { Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';
import type { MountPlan } from '../plan/mounts.ts';
import { newFileSystem } from './file-systems.ts';
import { attach, copyTree, setAttributes } from './mount-calls.ts';
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
      view(root, place, plan, { namespace, into: mount });
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
  for (const place of placed) {
    const name = place.hierarchy.mountPoint.replace(/.*\//, '');
    view(root, place, plan, { namespace, into: mount });
    makeFolder(script, { parent: tmpfs, name, into: folder });
    attach(script, mount, folder, `${plan.destination}/${name}`);
    for (const fd of [mount, folder]) script.release(fd);
    linkControllers(root, place, name, tmpfs);
  }
  if (set !== plan.attributes.set) setAttributes(script, tmpfs, { set: K.MOUNT_ATTR_RDONLY }, plan.destination);
  applyLate(script, plan, tmpfs);
  script.release(tmpfs);
}

// The new tmpfs is nobody else's yet: there's nothing in it that a path could be diverted by.
function makeFolder(script: Script, { parent, name, into }: { parent: Slot; name: string; into: Slot }): void {
  const entry = script.string(name);
  script.call('mkdirat', [parent, entry, 0o755], { path: name });
  const flags = K.O_PATH | K.O_DIRECTORY | K.O_NOFOLLOW | K.O_CLOEXEC;
  script.call('openat', [parent, entry, flags, 0], { path: name, save: into });
}

// Controllers that share a hierarchy (cpu,cpuacct) are found by their own names too.
function linkControllers({ script }: Root, { hierarchy }: PlacedCgroup, name: string, folder: Slot): void {
  for (const controller of hierarchy.controllers) {
    if (controller === name || controller.startsWith('name=')) continue;
    const args = [script.string(name), folder, script.string(controller)];
    script.call('symlinkat', args, { path: controller, ignoreErrnos: [EEXIST] });
  }
}

// A detached mount of one hierarchy. That of the host is copied: a new one of v2 would set the options of all of them.
function view(
  { script, fileSystems }: Root,
  { hierarchy, directory }: PlacedCgroup,
  { attributes }: MountPlan,
  { namespace, into }: Pick<CgroupMountOptions, 'namespace'> & { into: Slot },
): void {
  const isV2 = hierarchy.version === 2;
  if (namespace === 'host' || (namespace === 'joined' && !isV2)) {
    const shown = isV2 ? hierarchy.mountPoint : directory;
    copyTree(script, shown, into, { recursive: false });
    setAttributes(script, into, attributes, shown);
    return;
  }
  const options = hierarchy.controllers.flatMap((controller) =>
    controller.startsWith('name=') ? ['none', controller] : [controller],
  );
  const type = isV2 ? 'cgroup2' : 'cgroup';
  newFileSystem(script, fileSystems, { type, source: 'cgroup', options, set: attributes.set }, into);
}
