// HOME, for a config that does not set it.

import * as K from '../../bindings/constants.ts';
import { closeSync, readSync } from '../../bindings/file-system.ts';
import { tryOpenat2 } from '../../bindings/files.ts';
import { fstatSync } from '../../bindings/stat.ts';
import { IN_ROOT } from '../init/paths.ts';

const MAX_PASSWD = 1 << 20;

/** A user's home directory from the container's /etc/passwd, else "/" (as in runc). */
export function homeDirectory(rootFd: number, uid: number): string {
  return homeOf(readPasswd(rootFd), uid);
}

// What is there is looked at before it's opened: a hostile image may have a device there, which does something when it is
// opened, or a FIFO, which would never open.
function readPasswd(rootFd: number): string {
  const pathFd = tryOpenat2(rootFd, 'etc/passwd', { flags: K.O_PATH, resolve: IN_ROOT });
  if (pathFd < 0) return '';
  const isFile = fstatSync(pathFd).isFile();
  const fd = isFile ? tryOpenat2(K.AT_FDCWD, `/proc/self/fd/${pathFd}`, { flags: K.O_RDONLY | K.O_NONBLOCK }) : -1;
  closeSync(pathFd);
  if (fd < 0) return '';
  try {
    // Not a Buffer: the engine makes that when a function that names it is called first.
    const bytes = new Uint8Array(Math.min(fstatSync(fd).size, MAX_PASSWD));
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, readSync(fd, bytes)));
    // A line that is cut off would give a part of a path.
    return bytes.length < MAX_PASSWD ? text : text.slice(0, text.lastIndexOf('\n') + 1);
  } finally {
    closeSync(fd);
  }
}

/** The home directory of a uid in a passwd(5) file; "/" if it's not in there. */
export function homeOf(passwd: string, uid: number): string {
  for (const line of passwd.split('\n')) {
    const fields = line.split(':');
    const home = fields[5] ?? '';
    // The file is the image's: a NUL in it would end the string for the kernel.
    if (fields[2] === String(uid) && home !== '' && !home.includes('\0')) return home;
  }
  return '/';
}
