// process.cwd: made if it's missing, and certainly inside the container (CVE-2024-21626).
import { closeSync } from 'node:fs';
import * as K from '../../bindings/constants.ts';
import { SyscallError } from '../../bindings/errno.ts';
import { fchdir, tryOpenat2 } from '../../bindings/files.ts';
import { step } from '../errors.ts';
import { IN_ROOT, makePath } from './paths.ts';

const EACCES = -13;

/**
 * Opens the working directory within the container's root. Magic links are refused, so that no descriptor that the
 * runtime has open can become the way out of the container.
 * @returns a descriptor; undefined where root may not enter it (a network file system) but the user may
 */
export function openWorkingDirectory(rootFd: number, cwd: string): number | undefined {
  return step(`/process/cwd ${cwd}`, () => {
    closeSync(makePath(rootFd, cwd, 'directory'));
    const fd = tryOpenat2(rootFd, cwd.replace(/^\/+/, '') || '.', {
      flags: K.O_PATH | K.O_DIRECTORY,
      resolve: IN_ROOT,
    });
    if (fd === EACCES) return undefined;
    if (fd < 0) throw new SyscallError('openat2', -fd, cwd);
    return fd;
  });
}

/** Changes to the directory that openWorkingDirectory opened. */
export function enterWorkingDirectory(fd: number, cwd: string): void {
  step(`/process/cwd ${cwd}`, () => fchdir(fd, cwd));
  closeSync(fd);
}
