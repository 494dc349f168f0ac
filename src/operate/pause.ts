// `pause` and `resume`: stop all processes of a container for a while.
import { closeSync } from '../../bindings/file-system.ts';
import { freezeCgroup, thawCgroup } from '../cgroup/freeze.ts';
import { StateError } from '../errors.ts';
import { checkId } from '../state/id.ts';
import { type Status, statusOf } from '../state/status.ts';
import { type ContainerRecord, loadRecord } from '../state/store.ts';
import { lockFolderSoon } from './lock.ts';

/**
 * The command `pause`.
 * @throws StateError unless the container is running or created; RuntimeError if it does not come to a stop in 10 s
 */
export function pause(root: string, id: string): void {
  change(root, id, (record, status) => {
    if (status !== 'running' && status !== 'created') throw new StateError(`container not running: it is ${status}`);
    freezeCgroup(record.cgroups);
  });
}

/**
 * The command `resume`.
 * @throws StateError unless the container is paused
 */
export function resume(root: string, id: string): void {
  change(root, id, (record, status) => {
    if (status !== 'paused') throw new StateError(`container not paused: it is ${status}`);
    thawCgroup(record.cgroups);
  });
}

function change(root: string, id: string, action: (record: ContainerRecord, status: Status) => void): void {
  checkId(id);
  const folderFd = lockFolderSoon(root, id, () => {});
  try {
    const record = loadRecord(root, id);
    action(record, statusOf(root, record));
  } finally {
    closeSync(folderFd);
  }
}
