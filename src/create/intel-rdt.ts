// The container's groups in the resctrl file system: made, filled, entered, removed (config-linux.md, "IntelRdt").
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from '../../bindings/file-system.ts';
import { errnoOf, RuntimeError, step, toRuntimeError } from '../errors.ts';
import { hasSchema, type IntelRdtPlan, isCompared } from '../plan/intel-rdt.ts';
import type { ContainerRecord } from '../state/store.ts';
import type { UndoList } from './undo.ts';

const POINTER = '/linux/intelRdt';

/** What has been found out before anything is made. */
export interface IntelRdtGroups {
  /** Where the file system is mounted. */
  mountPoint: string;
  plan: IntelRdtPlan;
  /** Folders that will be made, in this order. */
  missing: string[];
  /** Those of them that go when the container is deleted, in the order of their removal. */
  own: string[];
  /** Files that a process of the container's writes its pid to, in this order. */
  tasks: string[];
}

/**
 * Notes in the record what `delete` will have to remove and what `exec` has to join.
 * @returns what is to be done once the container process is there
 */
export function addIntelRdt(plan: IntelRdtPlan, record: ContainerRecord, undo: UndoList): (pid: number) => void {
  const groups = lookUpGroups(plan, resctrlMountPoint(readFileSync('/proc/self/mountinfo', 'utf8')));
  const { mountPoint, tasks, own } = groups;
  record.resctrl = { mountPoint, tasks, own };
  return (pid) => {
    makeGroups(groups, (folder) => undo.add('remove resctrl group', () => removeGroups([folder])));
    joinGroups(groups, pid);
  };
}

/** The mount point in proc_pid_mountinfo(5); undefined if the file system isn't mounted. */
export function resctrlMountPoint(mountinfo: string): string | undefined {
  const line = mountinfo.split('\n').find((one) => one.includes(' - resctrl '));
  const path = line?.split(' ')[4];
  return path?.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/**
 * Looks at what is there.
 * @throws RuntimeError without the file system, without a group that is only to be used, and for one that has other
 * values than those asked for
 */
export function lookUpGroups(plan: IntelRdtPlan, mountPoint: string | undefined): IntelRdtGroups {
  if (mountPoint === undefined) {
    const hint = 'mount it with: mount -t resctrl resctrl /sys/fs/resctrl';
    throw new RuntimeError('no resctrl file system is mounted', { steps: [POINTER], hint });
  }
  const group = plan.group === '' ? mountPoint : `${mountPoint}/${plan.group}`;
  const monitoringGroup = plan.monitoringGroup === undefined ? [] : [`${mountPoint}/${plan.monitoringGroup}`];
  const isMissing = !existsSync(group);
  if (isMissing && !plan.mayMake) {
    throw new RuntimeError(`there is no group ${group}, and no schema to make one with`, {
      steps: [`${POINTER}/closID`],
    });
  }
  if (!isMissing) compare(plan, group);
  const isOwn = isMissing && plan.isContainers;
  return {
    mountPoint,
    plan,
    missing: [...(isMissing ? [group] : []), ...monitoringGroup],
    own: [...monitoringGroup, ...(isOwn ? [group] : [])],
    tasks: [group, ...monitoringGroup].map((folder) => `${folder}/tasks`),
  };
}

function compare({ schemata }: IntelRdtPlan, group: string): void {
  const compared = schemata.filter(({ pointer }) => isCompared(pointer));
  if (compared.length === 0) return;
  const found = readFileSync(`${group}/schemata`, 'utf8');
  for (const { pointer, line } of compared) {
    if (hasSchema(found, line)) continue;
    throw new RuntimeError(`${line} is not what the group ${group} has`, { steps: [pointer] });
  }
}

/**
 * Makes the groups that are missing and writes the schemata.
 * @param made called for each folder that was made
 */
export function makeGroups({ mountPoint, plan, missing }: IntelRdtGroups, made: (folder: string) => void): void {
  for (const folder of missing) {
    explained(mountPoint, () => step(POINTER, () => mkdirSync(folder)));
    made(folder);
  }
  writeSchemata(mountPoint, [mountPoint, plan.group].filter(Boolean).join('/'), plan.schemata);
}

/** Writes lines to a group's schemata. `pointer` says what asks for each. */
export function writeSchemata(mountPoint: string, group: string, schemata: IntelRdtPlan['schemata']): void {
  for (const { pointer, line } of schemata) {
    explained(mountPoint, () => step(`${pointer} ${line}`, () => writeLine(`${group}/schemata`, line)));
  }
}

/** Puts a process into the groups; those that it makes are in there too. */
export function joinGroups({ mountPoint, tasks }: Pick<IntelRdtGroups, 'mountPoint' | 'tasks'>, pid: number): void {
  for (const file of tasks) explained(mountPoint, () => step(POINTER, () => writeLine(file, String(pid))));
}

// Appended: the file system doesn't care, and nothing is cut off.
function writeLine(file: string, line: string): void {
  writeFileSync(file, `${line}\n`, { flag: 'a' });
}

// The file system has a file for the reason of the last failure.
function explained(mountPoint: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    const known = toRuntimeError(error);
    const reason = lastStatus(mountPoint);
    if (known === undefined || reason === '') throw error;
    const errno = known.errno === undefined ? {} : { errno: known.errno };
    throw new RuntimeError(known.reason, { steps: known.steps, hint: reason, cause: error, ...errno });
  }
}

function lastStatus(mountPoint: string): string {
  try {
    return readFileSync(`${mountPoint}/info/last_cmd_status`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Removes groups; one that is gone is no error. Processes that are still in there fall back to the default group. */
export function removeGroups(folders: string[]): void {
  for (const folder of folders) {
    try {
      step('remove resctrl group', () => rmdirSync(folder));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
}
