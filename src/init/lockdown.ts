// What is hidden or made read-only once all mounts and devices are there (config-linux.md, "Masked Paths", "Readonly
// Paths").
import { closeSync, fstatSync } from 'node:fs';
import * as K from '../../bindings/constants.ts';
import { makedev } from '../../bindings/files.ts';
import {
  fsconfigCreate,
  fsconfigSet,
  fsmount,
  fsopen,
  mountSetattr,
  moveMount,
  openTreeClone,
} from '../../bindings/mount.ts';
import { RuntimeError, step } from '../errors.ts';
import type { RootfsPlan } from '../plan/rootfs.ts';
import { isDirectory, openPath } from './paths.ts';

/** Makes the readonlyPaths read-only, with all that is mounted below them. Missing ones are passed over. */
export function makePathsReadonly(rootFd: number, paths: string[]): void {
  paths.forEach((path, index) => {
    step(`/linux/readonlyPaths/${index} (${path})`, () => {
      const fd = openPath(rootFd, path);
      if (fd === undefined) return;
      const treeFd = openTreeClone(fd, '', { recursive: true });
      mountSetattr(treeFd, { set: K.MOUNT_ATTR_RDONLY, recursive: true }, path);
      moveMount(treeFd, fd, path);
      closeSync(treeFd);
      closeSync(fd);
    });
  });
}

/** Hides the maskedPaths: folders under an empty read-only tmpfs, files under /dev/null. Missing ones are passed over. */
export function maskPaths(rootFd: number, { maskedPaths }: RootfsPlan): void {
  const masks = new Masks();
  maskedPaths.forEach((path, index) => {
    step(`/linux/maskedPaths/${index} (${path})`, () => {
      const fd = openPath(rootFd, path);
      if (fd === undefined) return;
      masks.cover(fd, path);
      closeSync(fd);
    });
  });
  masks.close();
}

class Masks {
  #tmpfsFd: number | undefined;

  cover(fd: number, path: string): void {
    if (isDirectory(fd)) this.#coverDirectory(fd, path);
    else coverFile(fd, path);
  }

  // One empty tmpfs serves all folders. Only an attached mount can be copied (until Linux 6.15): so the first is used
  // itself.
  #coverDirectory(fd: number, path: string): void {
    if (this.#tmpfsFd === undefined) {
      this.#tmpfsFd = emptyTmpfs();
      moveMount(this.#tmpfsFd, fd, path);
      return;
    }
    const copyFd = openTreeClone(this.#tmpfsFd, '', { recursive: false });
    moveMount(copyFd, fd, path);
    closeSync(copyFd);
  }

  close(): void {
    if (this.#tmpfsFd !== undefined) closeSync(this.#tmpfsFd);
  }
}

// The host's /dev/null, opened and checked: the container's own may be anything (CVE-2025-31133).
function coverFile(fd: number, path: string): void {
  const nullFd = openTreeClone(K.AT_FDCWD, '/dev/null', { recursive: false });
  const stat = fstatSync(nullFd);
  if (!stat.isCharacterDevice() || stat.rdev !== makedev(1, 3)) {
    throw new RuntimeError("the host's /dev/null is not the null device (1:3)");
  }
  moveMount(nullFd, fd, path);
  closeSync(nullFd);
}

function emptyTmpfs(): number {
  const fsFd = fsopen('tmpfs');
  fsconfigSet(fsFd, 'ro');
  fsconfigSet(fsFd, 'source', 'tmpfs');
  fsconfigSet(fsFd, 'nr_inodes', '1');
  fsconfigCreate(fsFd, 'tmpfs');
  const fd = fsmount(fsFd, K.MOUNT_ATTR_RDONLY, 'tmpfs');
  closeSync(fsFd);
  return fd;
}
