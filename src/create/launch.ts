// Makes the container process: directly, or through a joiner that enters the namespaces given by path first.
import { close } from '../../bindings/files.ts';
import { clone, exitNow, wait } from '../../bindings/process.ts';
import { CLONE_PARENT } from '../../bindings/constants.ts';
import { RuntimeError, step } from '../errors.ts';
import { type InitInputs, init, tellFailure } from '../init/init.ts';
import { joinNamespaces, openNamespaces } from '../init/namespaces.ts';
import { receive, send } from '../protocol.ts';

/**
 * Starts the container process.
 * @param parentFd the runtime's end of the socketpair, for the joiner's word
 * @returns its pid as the runtime sees it
 */
export function launch(inputs: Omit<InitInputs, 'namespaces'>, parentFd: number): number {
  const { namespaces } = inputs.plan;
  const opened = openNamespaces(namespaces.joined);
  const pid = namespaces.needsJoiner
    ? launchThroughJoiner(inputs, opened, parentFd)
    : cloneContainer(inputs, namespaces.cloneFlags);
  if (pid === 0) init({ ...inputs, namespaces: opened });
  for (const { fd } of opened) close(fd);
  return pid;
}

function cloneContainer({ cgroupEntry }: Omit<InitInputs, 'namespaces'>, flags: number): number {
  return step('create the container process', () => clone(flags, cgroupEntry.folderFd));
}

// CLONE_PARENT makes the container process a child of the runtime, not of the joiner.
function launchThroughJoiner(
  inputs: Omit<InitInputs, 'namespaces'>,
  opened: ReturnType<typeof openNamespaces>,
  parentFd: number,
): number {
  const { plan, syncFd } = inputs;
  const joinerPid = clone(0);
  if (joinerPid === 0) {
    try {
      joinNamespaces(opened);
      const pid = cloneContainer(inputs, plan.namespaces.cloneFlags | CLONE_PARENT);
      if (pid === 0) init({ ...inputs, namespaces: [] });
      send(syncFd, { type: 'started', pid });
      exitNow(0);
    } catch (error) {
      tellFailure(syncFd, error);
      exitNow(1);
    }
  }
  const message = receive(parentFd);
  wait(joinerPid, { block: true });
  if (message?.type === 'started') return message.pid;
  if (message?.type === 'failed') throw RuntimeError.fromFields(message.error);
  throw new RuntimeError('the process that joins the namespaces has died');
}
