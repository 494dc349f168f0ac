// User namespaces that id-mapped mounts take their mappings from (mount_setattr(2), "ID-mapped mounts"). A namespace
// lives as long as somebody has it open: a process is made in it, given its maps, opened, and ended.
import * as K from '../../bindings/constants.ts';
import { errnoName } from '../../bindings/constants.ts';
import { closeSync, openSync } from '../../bindings/file-system.ts';
import { socketpair } from '../../bindings/files.ts';
import { kill, wait } from '../../bindings/process.ts';
import { RuntimeError, step } from '../errors.ts';
import { Script } from '../final/script.ts';
import { stepError } from '../final/steps.ts';
import type { IdmapPlan } from '../plan/mounts.ts';
import type { Plan } from '../plan/plan.ts';
import { receive } from '../protocol.ts';
import { spawnScript } from '../spawn.ts';
import { mapText, writeIdMaps } from './id-maps.ts';

/**
 * Opens the user namespaces of all id-mapped mounts.
 * @returns descriptors by index in the plan; mounts with the same mappings share one
 */
export function openIdMaps({ mounts, namespaces }: Plan): Map<number, number> {
  const opened = new Map<string, number>();
  const byIndex = new Map<number, number>();
  mounts.forEach(({ idmap, label }, index) => {
    if (idmap === undefined) return;
    const joined = idmap.mappings === undefined ? namespaces.joined.find(({ type }) => type === 'user') : undefined;
    const mappings = idmap.mappings ?? namespaces;
    const key = joined?.path ?? `${mapText(mappings.uidMappings)}/${mapText(mappings.gidMappings)}`;
    const open = () => (joined === undefined ? makeUserNamespace(mappings) : openSync(joined.path, 'r'));
    const fd = opened.get(key) ?? step(`mount ${label}: id mappings`, open);
    opened.set(key, fd);
    byIndex.set(index, fd);
  });
  return byIndex;
}

type Mappings = NonNullable<IdmapPlan['mappings']>;

function makeUserNamespace(mappings: Mappings): number {
  const [parentFd, syncFd] = socketpair();
  const script = new Script(syncFd);
  script.call('unshare', [K.CLONE_NEWUSER]);
  script.ask({ type: 'mapIds' });
  script.finish();
  const pid = spawnScript(script, { name: 'runts-idmap', inherit: [syncFd], firstOwn: 3 });
  closeSync(syncFd);
  try {
    const message = receive(parentFd, script);
    if (message?.kind === 'failure') throw stepError(script, message.step, errnoName(message.errno));
    if (message === undefined) throw new RuntimeError('the process in the user namespace has died');
    writeIdMaps(pid, mappings);
    return openSync(`/proc/${pid}/ns/user`, 'r');
  } finally {
    kill(pid, K.SIGKILL);
    wait(pid, { block: true });
    closeSync(parentFd);
  }
}
