// Device nodes and links in the container (config-linux.md, "Devices", "Default Devices").
import * as K from '../../bindings/constants.ts';
import type { Event } from '../final/event.ts';
import type { Operand, Slot } from '../final/memory.ts';
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
  const folders = new Folders(root);
  for (let from = 0; from < nodes.length; ) {
    const series = seriesFrom(nodes, from, isAlike);
    makeNodes(root, series, { from, folders, mayMakeNodes });
    from += series.length;
  }
  for (let from = 0; from < links.length; ) {
    const series = seriesFrom(links, from, isInSameFolder);
    makeLinks(series, folders);
    from += series.length;
  }
}

// Those from an index on for which the same calls do: one loop.
function seriesFrom<T>(list: readonly T[], from: number, fits: (one: T, other: T) => boolean): T[] {
  const series: T[] = [];
  for (let index = from; index < list.length; index++) {
    const one = list[index] as T;
    if (index > from && !fits(one, list[from] as T)) break;
    series.push(one);
  }
  return series;
}

const isInSameFolder = (one: { path: string }, other: { path: string }): boolean =>
  split(one.path).parent === split(other.path).parent;
const isOwned = ({ uid, gid }: DevicePlan): boolean => uid !== 0 || gid !== 0;
const setIdBits = ({ mode }: DevicePlan): number => mode & 0o6000;

function isAlike(one: DevicePlan, other: DevicePlan): boolean {
  return isInSameFolder(one, other) && isOwned(one) === isOwned(other) && setIdBits(one) === setIdBits(other);
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

  /** The folder that a path is in. */
  of(path: string, label: string): Slot {
    const { parent } = split(path);
    const known = this.#open.get(parent);
    if (known !== undefined) return known;
    if (this.#open.size >= MAX_FOLDERS) this.#releaseAll();
    const folder = this.root.script.slot();
    this.root.script.within(label, () => this.root.make(parent, 'directory', folder));
    this.#open.set(parent, folder);
    return folder;
  }

  #releaseAll(): void {
    for (const folder of this.#open.values()) this.root.script.release(folder);
    this.#open.clear();
  }
}

// The words of a node's row; there's a path only where the host's node may be mounted.
const [NAME, KIND_AND_MODE, NUMBER, UID, GID, MODE, PATH] = [0, 1, 2, 3, 4, 5, 6];

function rowOf(script: Script, node: DevicePlan, mayMakeNodes: boolean): RowWords {
  const { path, kind, major, minor, mode, uid, gid } = node;
  const number = kind === K.S_IFIFO ? 0 : makedev(major, minor);
  const name = script.string(split(path).name);
  if (mayMakeNodes) return [name, kind | mode, number, uid, gid, mode];
  return [name, kind | mode, number, uid, gid, mode, script.string(path)];
}

interface NodesContext {
  /** The index of the first in the plan. */
  from: number;
  folders: Folders;
  mayMakeNodes: boolean;
}

/** A node in a loop. */
interface Node {
  row: Row;
  folder: Slot;
  entry: Operand;
  path: Words;
}

function makeNodes(root: Root, series: DevicePlan[], { from, folders, mayMakeNodes }: NodesContext): void {
  const { script } = root;
  const [first] = series;
  if (first === undefined) return;
  const folder = folders.of(first.path, first.label);
  const rows: RowWords[] = [];
  for (const node of series) rows.push(rowOf(script, node, mayMakeNodes));
  const path = (index: number) => series[index]?.path ?? '';
  const label = (index: number) => series[index]?.label ?? '';
  const check = (index: number): Event => ({ type: 'checkDevice', index: from + index });
  script.forEach(rows, (row) => {
    script.within(label, () => {
      const node = { row, folder, entry: row.word(NAME), path };
      makeNode(script, node, { check, mayMakeNodes });
      if (isOwned(first)) own(script, node, setIdBits(first) !== 0);
    });
  });
}

function makeNode(
  script: Script,
  node: Node,
  { check, mayMakeNodes }: { check: (index: number) => Event; mayMakeNodes: boolean },
): void {
  const { row, folder, entry, path } = node;
  const [exists, refused] = [script.newLabel(), script.newLabel()];
  const gotoOn = [{ errno: EEXIST, label: exists }];
  if (!mayMakeNodes) gotoOn.push({ errno: EPERM, label: refused });
  script.call('mknodat', [folder, entry, row.word(KIND_AND_MODE), row.word(NUMBER)], { path, gotoOn });
  script.later(() => {
    if (!mayMakeNodes) {
      // The host's node is mounted over a file.
      script.label(refused);
      bindNode(script, node);
    }
    // config-linux.md: a file that is there and is not the device asked for is an error.
    script.label(exists);
    script.ask(check);
    script.program.goto(row.next);
  });
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

function makeLinks(series: DevicesPlan['links'], folders: Folders): void {
  const { script } = folders.root;
  const path = (index: number) => series[index]?.path ?? '';
  const folder = folders.of(path(0), `default link ${path(0)}`);
  const rows: RowWords[] = [];
  for (const { path, target } of series) rows.push([script.string(target), script.string(split(path).name)]);
  script.forEach(rows, (row) => {
    script.within(
      (index) => `default link ${path(index)}`,
      // The image or a mount may have its own.
      () => script.call('symlinkat', [row.word(0), folder, row.word(1)], { path, ignoreErrnos: [EEXIST] }),
    );
  });
}
