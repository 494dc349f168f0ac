// Device nodes and links in the container (config-linux.md, "Devices", "Default Devices").
import * as K from '../../bindings/constants.ts';
import type { Address, Operand, Slot } from '../final/memory.ts';
import type { Row, RowWords } from '../final/rows.ts';
import type { Script } from '../final/script.ts';
import type { Words } from '../final/steps.ts';
import type { DevicePlan, DevicesPlan } from '../plan/devices.ts';
import { attach, copyTreeAt } from './mount-calls.ts';
import { type Root, split } from './paths.ts';

const EPERM = 1;
const EEXIST = 17;

/** Makes all nodes and links. */
export function makeDevices(root: Root, { nodes, links, mayMakeNodes }: DevicesPlan): void {
  const folder: Folder = { path: '', fd: root.script.slot() };
  for (let from = 0; from < nodes.length; ) {
    let to = from + 1;
    while (isAlike(nodes[from], nodes[to])) to++;
    makeNodes(root, nodes.slice(from, to), { from, folder, mayMakeNodes });
    from = to;
  }
  if (links.length > 0) makeLinks(root, links, folder);
}

// Whether the same calls do for both: in one loop.
function isAlike(one: DevicePlan | undefined, other: DevicePlan | undefined): boolean {
  return (
    one !== undefined &&
    other !== undefined &&
    split(one.path).parent === split(other.path).parent &&
    (one.uid === 0 && one.gid === 0) === (other.uid === 0 && other.gid === 0) &&
    (one.mode & SET_ID_BITS) === (other.mode & SET_ID_BITS)
  );
}

const SET_ID_BITS = 0o6000;

/** makedev(3): the kernel's encoding of a device number. */
export function makedev(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

/** The folder that is open. Most nodes and all links are in the same one. */
interface Folder {
  path: string;
  readonly fd: Slot;
}

function enterFolder(root: Root, folder: Folder, { path, label }: { path: string; label: string }): void {
  const { parent } = split(path);
  if (parent === folder.path) return;
  const { script } = root;
  if (folder.path !== '') script.release(folder.fd);
  folder.path = parent;
  script.begin(label);
  root.make(parent, 'directory', folder.fd);
  script.end();
}

interface NodesContext {
  /** The index of the first in the plan. */
  from: number;
  folder: Folder;
  mayMakeNodes: boolean;
}

// The words of a node's row; there's a path only where the host's node may be mounted.
const [NAME, KIND_AND_MODE, NUMBER, UID, GID, MODE, PATH] = [0, 1, 2, 3, 4, 5, 6];

function makeNodes(root: Root, nodes: DevicePlan[], { from, folder, mayMakeNodes }: NodesContext): void {
  const { script } = root;
  const [first] = nodes;
  if (first === undefined) return;
  enterFolder(root, folder, first);
  const rows: RowWords[] = [];
  for (const { path, kind, major, minor, mode, uid, gid } of nodes) {
    const number = kind === K.S_IFIFO ? 0 : makedev(major, minor);
    const words: (Address | number)[] = [script.string(split(path).name), kind | mode, number, uid, gid, mode];
    if (!mayMakeNodes) words.push(script.string(path));
    rows.push(words);
  }
  const path = (index: number) => nodes[index]?.path ?? '';
  script.forEach(rows, (row) => {
    const node = { row, folder: folder.fd, entry: row.word(NAME), path };
    const [exists, refused] = [script.newLabel(), script.newLabel()];
    const gotoOn = [{ errno: EEXIST, label: exists }];
    if (!mayMakeNodes) gotoOn.push({ errno: EPERM, label: refused });
    script.begin((index) => nodes[index]?.label ?? '');
    script.call('mknodat', [folder.fd, node.entry, row.word(KIND_AND_MODE), row.word(NUMBER)], { path, gotoOn });
    if (first.uid !== 0 || first.gid !== 0) own(script, node, (first.mode & SET_ID_BITS) !== 0);
    script.later(() => {
      if (!mayMakeNodes) {
        // The host's node is mounted over a file.
        script.label(refused);
        bindNode(script, node);
      }
      // config-linux.md: a file that is there and is not the device asked for is an error.
      script.label(exists);
      script.ask((index) => ({ type: 'checkDevice', index: from + index }));
      script.program.goto(row.next);
    });
    script.end();
  });
}

/** A node in a loop. */
interface Node {
  row: Row;
  folder: Slot;
  entry: Operand;
  path: Words;
}

// By descriptor, because a folder that others can write to may have a link there meanwhile. The mode needs no call, but
// for what chown(2) takes away; setting that without a path takes Linux 6.6.
function own(script: Script, { row, folder, entry, path }: Node, hasSetIdBits: boolean): void {
  const made = script.slot();
  const flags = K.O_PATH | K.O_NOFOLLOW | K.O_CLOEXEC;
  script.call('openat', [folder, entry, flags, 0], { path, save: made });
  const empty = script.string('');
  script.call('fchownat', [made, empty, row.word(UID), row.word(GID), K.AT_EMPTY_PATH], { path });
  if (hasSetIdBits) script.call('fchmodat2', [made, empty, row.word(MODE), K.AT_EMPTY_PATH], { path });
  script.release(made);
}

function bindNode(script: Script, { row, folder, entry, path }: Node): void {
  const [mount, target] = [script.slot(), script.slot()];
  script.call('mknodat', [folder, entry, K.S_IFREG | 0o600, 0], { path });
  copyTreeAt(script, row.word(PATH), mount, { recursive: false, path });
  const flags = K.O_PATH | K.O_NOFOLLOW | K.O_CLOEXEC;
  script.call('openat', [folder, entry, flags, 0], { path, save: target });
  attach(script, mount, target, path);
  for (const fd of [mount, target]) script.release(fd);
}

function makeLinks(root: Root, links: DevicesPlan['links'], folder: Folder): void {
  const { script } = root;
  const pathOf = (index: number) => links[index]?.path ?? '';
  const label = (index: number) => `default link ${pathOf(index)}`;
  enterFolder(root, folder, { path: pathOf(0), label: label(0) });
  const rows: RowWords[] = [];
  for (const { path, target } of links) rows.push([script.string(target), script.string(split(path).name)]);
  script.forEach(rows, (row) => {
    script.begin(label);
    // The image or a mount may have its own.
    const options = { path: pathOf, ignoreErrnos: [EEXIST] };
    script.call('symlinkat', [row.word(0), folder.fd, row.word(1)], options);
    script.end();
  });
}
