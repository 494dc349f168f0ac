// `run`: create and start in one; in the foreground it stays, passes signals on and ends with the container's status.
import { closeSync } from '../../bindings/file-system.ts';
import { becomeSubreaper } from '../../bindings/privileges.ts';
import { type Created, type CreateOptions, create } from '../create/create.ts';
import { HookError, StateError, toRuntimeError } from '../errors.ts';
import { warn } from '../log.ts';
import { type ContainerRecord, loadRecord } from '../state/store.ts';
import { destroy } from './delete.ts';
import { handedBack, handOver, type Prepared, prepare } from './hand-over.ts';
import { lockAgain, unlock } from './lock.ts';
import type { NotifyProxy } from './notify.ts';
import { type LockedContainer, startCreated } from './start.ts';
import { holdSignals, supervise } from './supervise.ts';

export interface RunOptions extends CreateOptions {
  /** The container's state stays after it has ended. */
  keep: boolean;
  noSubreaper: boolean;
}

/** Runs a container. Returns the exit status for this process: the container's, or 0 when detached. */
export async function run(options: RunOptions): Promise<number> {
  if (options.detach) {
    const container = { root: options.root, ...(await create(options)) };
    const notify = await startOrDestroy(container);
    closeSync(container.folderFd);
    notify?.follow();
    return 0;
  }
  const signalFd = holdSignals();
  if (!options.noSubreaper) becomeSubreaper();
  const back = handedBack();
  if (back?.ended !== undefined) {
    const left = reopen(options, back.folderFd);
    if (left !== undefined) await destroy(left);
    return back.ended;
  }
  const way: { prepared?: Prepared | undefined } = {};
  const prepareFor = (record: ContainerRecord): void => {
    if (!options.keep) way.prepared = prepare(options.root, record);
  };
  const container =
    back === undefined
      ? { root: options.root, ...(await create(options, prepareFor)) }
      : { ...stillThere(reopen(options, back.folderFd)), masterFd: undefined };
  const { record, folderFd, masterFd } = container;
  const prepared = masterFd === undefined ? way.prepared : undefined;
  const notify = await startOrDestroy(container, () => back?.released ?? (prepared && handOver(prepared, folderFd)));
  unlock(folderFd);
  const code = await follow(container, signalFd, notify);
  if (options.keep || !lockAgain(options.root, record.id, folderFd)) closeSync(folderFd);
  else await destroy(container);
  return code;
}

// Nothing if it was deleted meanwhile; what somebody else has made anew isn't this one any more.
function reopen({ root, id }: RunOptions, folderFd: number): LockedContainer | undefined {
  return lockAgain(root, id, folderFd) ? { root, folderFd, record: loadRecord(root, id) } : undefined;
}

function stillThere(container: LockedContainer | undefined): LockedContainer {
  if (container === undefined) throw new StateError('container does not exist');
  return container;
}

async function follow(
  { record, masterFd }: Pick<Created, 'record' | 'masterFd'>,
  signalFd: number,
  notify: NotifyProxy | undefined,
): Promise<number> {
  if (masterFd === undefined) return supervise(record.pid, signalFd, notify);
  const { superviseTerminal } = await import('./terminal.ts');
  return superviseTerminal(record.pid, { signalFd, masterFd, notify });
}

/** @param release tells the process, perhaps, and returns the descriptor of the result if it has */
async function startOrDestroy(
  container: LockedContainer,
  release: () => number | undefined = () => undefined,
): Promise<NotifyProxy | undefined> {
  try {
    return await startCreated(container, release());
  } catch (error) {
    // After a failed hook that has happened already.
    if (!(error instanceof HookError)) await destroyAfter(container);
    throw error;
  }
}

// The first error is the one to report.
async function destroyAfter(container: LockedContainer): Promise<void> {
  try {
    await destroy(container);
  } catch (error) {
    warn(toRuntimeError(error)?.oneLine ?? String(error));
  }
}
