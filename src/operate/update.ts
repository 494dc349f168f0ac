// `update`: changes the limits of a container.
import { closeSync, openSync, readUpTo } from '../../bindings/file-system.ts';
import type { Resources } from '../bundle/config.ts';
import { MAX_BYTES, parseJson } from '../bundle/json.ts';
import { locateCgroup } from '../cgroup/cgroup.ts';
import type { CgroupDriver } from '../cgroup/driver.ts';
import { fileSystemDriver } from '../cgroup/file-system-driver.ts';
import type { CommandOptions } from '../cli/commands.ts';
import { RuntimeError, StateError, step } from '../errors.ts';
import { warn } from '../log.ts';
import { checkId } from '../state/id.ts';
import { statusOf } from '../state/status.ts';
import { type ContainerRecord, loadRecord } from '../state/store.ts';
import { validateResources } from '../validate/config.ts';
import { lockFolderSoon } from './lock.ts';
import { resourcesOfFlags } from './update-flags.ts';

/**
 * The command. A limit that can't be set leaves the others as they were, as far as they can be set back.
 * @throws StateError if the container has no process; RuntimeError that names the property
 */
export async function update(root: string, id: string, options: CommandOptions<'update'>): Promise<void> {
  checkId(id);
  const resources = readResources(options);
  const folderFd = lockFolderSoon(root, id, () => {});
  try {
    const record = loadRecord(root, id);
    const status = statusOf(root, record);
    if (status === 'stopped' || status === 'creating') throw new StateError(`container not running: it is ${status}`);
    const placed = locateCgroup(record.cgroups);
    const driver = await driverOf(record);
    await driver.limit(placed, resources, { pointer: '', warn, setsBack: true });
    const schemata = schemataOf(options);
    if (schemata.length > 0) await updateSchemata(record, schemata);
  } finally {
    closeSync(folderFd);
  }
}

async function driverOf({ scope }: ContainerRecord): Promise<CgroupDriver> {
  if (scope === undefined) return fileSystemDriver;
  const { SystemdDriver } = await import('../cgroup/systemd-driver.ts');
  return new SystemdDriver(scope);
}

function schemataOf(options: CommandOptions<'update'>): { pointer: string; line: string }[] {
  return (['l3-cache-schema', 'mem-bw-schema'] as const).flatMap((flag) => {
    const line = options[flag];
    return line === undefined ? [] : [{ pointer: `--${flag}`, line }];
  });
}

async function updateSchemata(
  { resctrl }: ContainerRecord,
  schemata: { pointer: string; line: string }[],
): Promise<void> {
  const [tasks] = resctrl?.tasks ?? [];
  if (resctrl === undefined || tasks === undefined) {
    const hint = 'create it with linux.intelRdt';
    throw new RuntimeError('the container is in no resctrl group', { steps: [schemata[0]?.pointer ?? ''], hint });
  }
  const { writeSchemata } = await import('../create/intel-rdt.ts');
  writeSchemata(resctrl.mountPoint, tasks.slice(0, tasks.lastIndexOf('/')), schemata);
}

function readResources(options: CommandOptions<'update'>): Resources {
  const { resources: file, ...flags } = options;
  if (file === undefined) return validateResources(resourcesOfFlags(options));
  if (Object.keys(flags).length > 0) warn('with --resources the other options are ignored');
  const name = file === '-' ? 'standard input' : file;
  const bytes = step(`--resources ${file}`, () => readDocument(file));
  return validateResources(parseJson(bytes, name));
}

// It may be a FIFO, or endless.
function readDocument(file: string): Uint8Array {
  if (file === '-') return readUpTo(0, MAX_BYTES + 1);
  const fd = openSync(file, 'r');
  try {
    return readUpTo(fd, MAX_BYTES + 1, file);
  } finally {
    closeSync(fd);
  }
}
