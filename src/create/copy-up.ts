// tmpcopyup: fills a new tmpfs with what lay at its mount point. The source belongs to the container's image and may be
// hostile: entries are opened by name within their folder, without following links or crossing mounts.

import * as K from '../../bindings/constants.ts';
import { closeSync, fchmodSync, fchownSync, readlinkSync, readSync, writeSync } from '../../bindings/file-system.ts';
import { fchmodat, fchownat, mkdirat, mknodat, openat2, symlinkat } from '../../bindings/files.ts';
import { fstatSync, readdirSync, type Stats } from '../../bindings/stat.ts';
import { makeAs, type Owner } from './as-owner.ts';

const BENEATH = K.RESOLVE_BENEATH | K.RESOLVE_NO_SYMLINKS | K.RESOLVE_NO_XDEV;

/**
 * Copies the content of one directory into another: names, types, modes and owners.
 * @param owner the container's root: makes what the host's root can't
 */
export function copyTree(sourceFd: number, targetFd: number, owner: Owner): void {
  for (const name of readdirSync(`/proc/self/fd/${sourceFd}`)) {
    const entryFd = openat2(sourceFd, name, {
      flags: K.O_PATH | K.O_NOFOLLOW,
      resolve: BENEATH & ~K.RESOLVE_NO_SYMLINKS,
    });
    const stat = fstatSync(entryFd);
    closeSync(entryFd);
    if (stat.isDirectory()) copyDirectory({ sourceFd, targetFd, owner }, name, stat);
    else copyEntry({ sourceFd, targetFd, owner }, name, stat);
  }
}

interface Copy {
  sourceFd: number;
  targetFd: number;
  owner: Owner;
}

function copyDirectory({ sourceFd, targetFd, owner }: Copy, name: string, stat: Stats): void {
  makeAs(owner, () => mkdirat(targetFd, name, 0o700));
  const from = openat2(sourceFd, name, { flags: K.O_RDONLY | K.O_DIRECTORY, resolve: BENEATH });
  const to = openat2(targetFd, name, { flags: K.O_RDONLY | K.O_DIRECTORY, resolve: BENEATH });
  copyTree(from, to, owner);
  fchownSync(to, stat.uid, stat.gid);
  fchmodSync(to, stat.mode & 0o7777);
  closeSync(from);
  closeSync(to);
}

function copyEntry(copy: Copy, name: string, stat: Stats): void {
  const { sourceFd, targetFd, owner } = copy;
  if (stat.isSymbolicLink()) {
    const target = readlinkSync(`/proc/self/fd/${sourceFd}/${name}`);
    makeAs(owner, () => symlinkat(target, targetFd, name));
    fchownat(targetFd, name, stat.uid, stat.gid);
    return;
  }
  if (stat.isFile()) copyFile(copy, name);
  else makeAs(owner, () => mknodat(targetFd, name, stat.mode & (K.S_IFMT | 0o777), stat.rdev));
  fchownat(targetFd, name, stat.uid, stat.gid);
  fchmodat(targetFd, name, stat.mode & 0o7777);
}

function copyFile({ sourceFd, targetFd, owner }: Copy, name: string): void {
  const from = openat2(sourceFd, name, { flags: K.O_RDONLY, resolve: BENEATH });
  const how = { flags: K.O_WRONLY | K.O_CREAT | K.O_EXCL, mode: 0o600, resolve: BENEATH };
  const to = makeAs(owner, () => openat2(targetFd, name, how));
  const buffer = new Uint8Array(65536);
  for (;;) {
    const length = readSync(from, buffer);
    if (length === 0) break;
    for (let done = 0; done < length; ) done += writeSync(to, buffer, done, length - done);
  }
  closeSync(from);
  closeSync(to);
}
