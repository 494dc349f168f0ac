// What is hidden or made read-only once all mounts and devices are there (config-linux.md, "Masked Paths", "Readonly
// Paths").
import * as K from '../../bindings/constants.ts';
import type { Slot } from '../final/memory.ts';
import type { Row, RowWords } from '../final/rows.ts';
import type { Script } from '../final/script.ts';
import type { Words } from '../final/steps.ts';
import { contextOption } from '../plan/labels.ts';
import { isRootPath } from '../plan/rootfs.ts';
import { newFileSystem } from './file-systems.ts';
import { attach, copyTree, copyTreeOf, setAttributes } from './mount-calls.ts';
import { type Root, relative } from './paths.ts';

// move_mount(2): a folder can't be mounted on a file.
const EINVAL = 22;

// All that is done for each of some paths; its words are made of the path's index. Those left out keep theirs.
function forEachPath(
  { script }: Root,
  list: 'readonlyPaths' | 'maskedPaths',
  { paths, isLeftOut }: { paths: string[]; isLeftOut?: (path: string) => boolean },
  build: (row: Row, path: Words) => void,
): void {
  const rows: RowWords[] = [];
  const indexes: number[] = [];
  let index = 0;
  for (const path of paths) {
    if (isLeftOut?.(path) !== true) {
      rows.push([script.string(relative(path))]);
      indexes.push(index);
    }
    index++;
  }
  const pathOf = (row: number) => paths[indexes[row] ?? -1] ?? '';
  script.forEach(rows, (row) => {
    script.begin((of) => `/linux/${list}/${indexes[of]} (${pathOf(of)})`);
    build(row, pathOf);
    script.end();
  });
}

/** Makes the readonlyPaths read-only, with all that is mounted below them. Missing ones are passed over. */
export function makePathsReadonly(root: Root, paths: string[]): void {
  const { script } = root;
  const [found, tree] = [script.slot(), script.slot()];
  // Of the root RootfsPlan.isReadonly has that in it.
  forEachPath(root, 'readonlyPaths', { paths, isLeftOut: isRootPath }, (row, path) => {
    root.openAt(row.word(0), found, { path, missing: row.next });
    copyTreeOf(script, found, tree, true, path);
    setAttributes(script, tree, { set: K.MOUNT_ATTR_RDONLY, recursive: true }, path);
    attach(script, tree, found, path);
    script.release(tree);
    script.release(found);
  });
}

export interface MaskOptions {
  /** The mount namespace is somebody else's. */
  isShared: boolean;
  mountLabel?: string | undefined;
}

/**
 * Hides the maskedPaths: folders under an empty read-only tmpfs, files under the host's /dev/null, which the runtime has
 * checked: the container's own may be anything (CVE-2025-31133). Missing ones are passed over.
 */
export function maskPaths(root: Root, paths: string[], { isShared, mountLabel }: MaskOptions): void {
  if (paths.length === 0) return;
  const { script } = root;
  const masks = { nothing: script.slot(), copy: script.slot(), found: script.slot() };
  if (!isShared) {
    makeNothing(root, masks.nothing, mountLabel);
    park(root, masks.nothing);
  }
  forEachPath(root, 'maskedPaths', { paths }, (row, path) => {
    const { nothing, copy, found } = masks;
    const isFile = script.newLabel();
    root.openAt(row.word(0), found, { path, missing: row.next });
    if (isShared) makeNothing(root, copy, mountLabel);
    else copyTreeOf(script, nothing, copy, false, path);
    attach(script, copy, found, path, [{ errno: EINVAL, label: isFile }]);
    script.release(copy);
    script.release(found);
    script.later(() => {
      script.label(isFile);
      coverFile(script, path, masks);
      script.program.goto(row.next);
    });
  });
}

const MASK_ATTRIBUTES = K.MOUNT_ATTR_RDONLY | K.MOUNT_ATTR_NOSUID | K.MOUNT_ATTR_NOEXEC;

interface Masks {
  /** The empty file system. */
  nothing: Slot;
  copy: Slot;
  found: Slot;
}

// One file system serves all folders. Only an attached one can be copied (until Linux 6.15): it's parked on a folder of
// the host's in this mount namespace, which goes away with the old root. Where the mount namespace is somebody else's,
// each folder gets a file system of its own.
function makeNothing(root: Root, into: Slot, mountLabel: string | undefined): void {
  const { script } = root;
  const options = ['ro', 'nr_inodes=1', ...contextOption(mountLabel, 'tmpfs')];
  newFileSystem(script, root.fileSystems, { type: 'tmpfs', source: 'tmpfs', options, set: K.MOUNT_ATTR_RDONLY }, into);
}

function park({ script }: Root, mount: Slot): void {
  const folder = script.slot();
  const path = '/proc';
  script.call('openat', [K.AT_FDCWD, script.string(path), K.O_PATH | K.O_CLOEXEC, 0], { path, save: folder });
  attach(script, mount, folder, path);
}

// A file can't have a folder mounted on it.
function coverFile(script: Script, path: Words, { copy, found }: Masks): void {
  script.release(copy);
  copyTree(script, '/dev/null', copy, { recursive: false });
  // The node is the host's: its mode, owner and times are not for the container to change. Writing to it works on.
  setAttributes(script, copy, { set: MASK_ATTRIBUTES, propagation: K.MS_PRIVATE }, path);
  attach(script, copy, found, path);
  script.release(copy);
  script.release(found);
}
