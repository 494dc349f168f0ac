// Device nodes and links in the container (config-linux.md, "Devices", "Default Devices").
import * as K from '../../bindings/constants.ts';
import type { Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';
import type { DevicePlan, DevicesPlan } from '../plan/devices.ts';
import { attach, copyTree } from './mount-calls.ts';
import { type Root, split } from './paths.ts';

const EPERM = 1;
const EEXIST = 17;

/** Makes all nodes and links. */
export function makeDevices(root: Root, { nodes, links, mayMakeNodes }: DevicesPlan): void {
  const folders = new Folders(root);
  nodes.forEach((node, index) => {
    root.script.within(node.label, () => makeNode(root, node, { index, folders, mayMakeNodes }));
  });
  for (const { path, target } of links)
    root.script.within(`default link ${path}`, () => makeLink(path, target, folders));
}

/** makedev(3): the kernel's encoding of a device number. */
export function makedev(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

const MAX_FOLDERS = 50;

// Most nodes are in one folder: it's opened once.
class Folders {
  readonly #open = new Map<string, Slot>();
  constructor(readonly root: Root) {}

  of(path: string): { folder: Slot; name: string } {
    const { parent, name } = split(path);
    let folder = this.#open.get(parent);
    if (folder === undefined) {
      if (this.#open.size >= MAX_FOLDERS) this.#releaseAll();
      folder = this.root.script.slot();
      this.root.make(parent, 'directory', folder);
      this.#open.set(parent, folder);
    }
    return { folder, name };
  }

  #releaseAll(): void {
    for (const folder of this.#open.values()) this.root.script.release(folder);
    this.#open.clear();
  }
}

interface NodeContext {
  index: number;
  folders: Folders;
  mayMakeNodes: boolean;
}

function makeNode(root: Root, node: DevicePlan, { index, folders, mayMakeNodes }: NodeContext): void {
  const { script } = root;
  const { folder, name } = folders.of(node.path);
  const [exists, refused, next] = [script.newLabel(), script.newLabel(), script.newLabel()];
  const device = node.kind === K.S_IFIFO ? 0 : makedev(node.major, node.minor);
  const entry = script.string(name);
  const gotoOn = [{ errno: EEXIST, label: exists }];
  if (!mayMakeNodes) gotoOn.push({ errno: EPERM, label: refused });
  script.call('mknodat', [folder, entry, node.kind | node.mode, device], { path: node.path, gotoOn });
  if (node.uid !== 0 || node.gid !== 0) own(script, folder, node, entry);
  script.label(next);
  script.later(() => {
    // config-linux.md: a file that is there and is not the device asked for is an error.
    script.label(exists);
    script.ask({ type: 'checkDevice', index });
    script.program.goto(next);
    if (mayMakeNodes) return;
    // The host's node is mounted over a file.
    script.label(refused);
    bindNode(root, node, folder, entry);
    script.ask({ type: 'checkDevice', index });
    script.program.goto(next);
  });
}

const SET_ID_BITS = 0o6000;

// By descriptor, because a folder that others can write to may have a link there meanwhile. The mode needs no call, but
// for what chown(2) takes away; setting that without a path takes Linux 6.6.
function own(script: Script, folder: Slot, node: DevicePlan, entry: ReturnType<Script['string']>): void {
  const { uid, gid, mode, path } = node;
  const made = script.slot();
  const flags = K.O_PATH | K.O_NOFOLLOW | K.O_CLOEXEC;
  script.call('openat', [folder, entry, flags, 0], { path, save: made });
  const empty = script.string('');
  script.call('fchownat', [made, empty, uid, gid, K.AT_EMPTY_PATH], { path });
  if ((mode & SET_ID_BITS) !== 0) script.call('fchmodat2', [made, empty, mode, K.AT_EMPTY_PATH], { path });
  script.release(made);
}

function bindNode({ script }: Root, { path }: DevicePlan, folder: Slot, entry: ReturnType<Script['string']>): void {
  const [mount, target] = [script.slot(), script.slot()];
  script.call('mknodat', [folder, entry, K.S_IFREG | 0o600, 0], { path });
  copyTree(script, path, mount, { recursive: false });
  const flags = K.O_PATH | K.O_NOFOLLOW | K.O_CLOEXEC;
  script.call('openat', [folder, entry, flags, 0], { path, save: target });
  attach(script, mount, target, path);
  for (const fd of [mount, target]) script.release(fd);
}

function makeLink(path: string, target: string, folders: Folders): void {
  const { script } = folders.root;
  const { folder, name } = folders.of(path);
  // The image or a mount may have its own.
  const args = [script.string(target), folder, script.string(name)];
  script.call('symlinkat', args, { path, ignoreErrnos: [EEXIST] });
}
