// process.cwd: made if it's missing, and certainly inside the container (CVE-2024-21626).
import { closeSync } from 'node:fs';
import * as K from '../../bindings/constants.ts';
import { SyscallError } from '../../bindings/errno.ts';
import { fchdir, tryOpenat2 } from '../../bindings/files.ts';
import { asUser } from '../../bindings/privileges.ts';
import { errnoOf, step } from '../errors.ts';
import type { ProcessPlan } from '../plan/process.ts';
import { IN_ROOT, makePath, relative } from './paths.ts';

/**
 * Opens the working directory within the container's root. Magic links are refused, so that no descriptor that the
 * runtime has open can become the way out of the container.
 */
export function openWorkingDirectory(rootFd: number, process: ProcessPlan): number {
  const { cwd } = process;
  return step(`/process/cwd ${cwd}`, () =>
    withUserRights(process, () => {
      closeSync(makePath(rootFd, cwd, 'directory'));
      const fd = tryOpenat2(rootFd, relative(cwd), { flags: K.O_PATH | K.O_DIRECTORY, resolve: IN_ROOT });
      if (fd < 0) throw new SyscallError('openat2', -fd, cwd);
      return fd;
    }),
  );
}

/** Changes to the directory that openWorkingDirectory opened. */
export function enterWorkingDirectory(fd: number, process: ProcessPlan): void {
  step(`/process/cwd ${process.cwd}`, () => withUserRights(process, () => fchdir(fd, process.cwd)));
  closeSync(fd);
}

// On a network file system root may be refused where the user is not.
function withUserRights<T>(process: ProcessPlan, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
    return asUser(process, action);
  }
}
