// `create`, the runtime's side: from a bundle to a container process that waits for `start`. Every step that leaves
// something behind notes how to take it back first.

import * as K from '../../bindings/constants.ts';
import { closeSync, mkdirSync, openSync, unlinkSync, writeFileSync } from '../../bindings/file-system.ts';
import { flock, mknodat, socketpair } from '../../bindings/files.ts';
import { statSync } from '../../bindings/stat.ts';
import { loadBundle } from '../bundle/bundle.ts';
import type { Config } from '../bundle/config.ts';
import { claimGone, type PlacedCgroup } from '../cgroup/cgroup.ts';
import type { CgroupDriver } from '../cgroup/driver.ts';
import { fileSystemDriver } from '../cgroup/file-system-driver.ts';
import { HookError, step } from '../errors.ts';
import { runPoststopHooks } from '../hooks.ts';
import type { CallerSettings } from '../init/hook.ts';
import { warn } from '../log.ts';
import { makePlan, type Plan } from '../plan/plan.ts';
import { checkConsole } from '../plan/terminal.ts';
import { answer } from '../protocol.ts';
import { briefOf } from '../state/brief.ts';
import { checkId } from '../state/id.ts';
import { configToExactJson, savePlan } from '../state/plan-file.ts';
import { containerPidOf, startTimeOf } from '../state/status.ts';
import {
  type ContainerRecord,
  folderOf,
  makeFolder,
  markCreated,
  NOTIFY_FOLDER,
  RESULT_FIFO,
  ROOTFS_FOLDER,
  removeFolder,
  START_FIFO,
  saveRecord,
} from '../state/store.ts';
import { endCreated } from './ends.ts';
import { actAll, type Extras, loadExtras } from './extras.ts';
import { guide } from './guide.ts';
import { checkDescriptors, readHostFacts } from './host.ts';
import { launch } from './launch.ts';
import { makeCgroups } from './make-cgroups.ts';
import { prepareMountPoint } from './rootfs-mount.ts';
import { UndoList } from './undo.ts';

export interface CreateOptions {
  root: string;
  id: string;
  bundle: string;
  pidFile: string | undefined;
  noPivot: boolean;
  /** Goes on where cgroups may not be made; undefined: for users that are not root. */
  isRootless: boolean | undefined;
  /** Whether systemd makes the cgroup. */
  systemdCgroup: boolean;
  noNewKeyring: boolean;
  preserveFds: number;
  /** Whether nobody stays in the foreground. */
  detach: boolean;
  /** Where to send the master of the terminal. */
  consoleSocket: string | undefined;
  /** Descriptors of socket activation, which come first: sd_listen_fds(3). */
  listenFds: number;
}

export interface Created {
  record: ContainerRecord;
  settings: CallerSettings;
  /** The container's folder, locked. */
  folderFd: number;
  /** The master of the container's terminal, unless it was sent to a socket. */
  masterFd: number | undefined;
}

/**
 * Creates a container. Whatever fails, everything done before is taken back.
 * @param meanwhile called while the container process does its last steps: what takes a moment costs nothing then
 */
export async function create(options: CreateOptions, meanwhile?: (record: ContainerRecord) => void): Promise<Created> {
  checkId(options.id);
  const { config: asked, bundle, warnings } = loadBundle(options.bundle);
  const notify = process.env.NOTIFY_SOCKET ? await import('./notify.ts') : undefined;
  const config = notify?.withNotifySocket(asked, folderOf(options.root, options.id)) ?? asked;
  const host = readHostFacts();
  checkDescriptors(options.listenFds + options.preserveFds);
  const plan = makePlan(config, host, { ...options, bundle });
  checkConsole(plan.process?.terminal, options);
  for (const warning of [...warnings, ...plan.warnings]) warn(warning);
  const driver = await driverFor(config, options);
  const placed = driver.place(plan.cgroup);
  const record = { ...newRecord(plan, config, placed, options.root), scope: driver.scope };
  const settings = { ignoredSignals: host.ignoredSignals, openFiles: host.openFiles, umask: host.umask };
  const undo = new UndoList();
  const { root, consoleSocket } = options;
  const extras = await loadExtras(plan, { root, driver, placed, record, undo, consoleSocket });
  extras.meanwhile.push(() => meanwhile?.(record));
  try {
    const folderFd = await build({ options, plan, driver, placed, record, settings, extras, undo });
    actAll(extras.atEnd, record.pid);
    return { record, settings, folderFd, masterFd: extras.console?.masterFd };
  } catch (error) {
    const toThrow = undo.undo(error);
    actAll(extras.atEnd, record.pid);
    // runtime.md, lifecycle: after a failed hook the container is destroyed, and the poststop hooks run.
    if (error instanceof HookError) runPoststopHooks(record, settings);
    throw toThrow;
  }
}

async function driverFor(config: Config, options: CreateOptions): Promise<CgroupDriver> {
  if (!options.systemdCgroup) return fileSystemDriver;
  const { scopeDriver } = await import('./scope.ts');
  return scopeDriver(config, options);
}

function newRecord(plan: Plan, config: Config, placed: PlacedCgroup[], root: string): ContainerRecord {
  return {
    ociVersion: '1.3.0',
    id: plan.id,
    pid: 0,
    startTime: '',
    creator: { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' },
    bundle: plan.bundle,
    rootfs: plan.rootfs.path,
    created: new Date().toISOString(),
    owner: process.getuid?.() ?? 0,
    annotations: { ...config.annotations },
    cgroups: placed.map(recordOf),
    rootfsMount: rootfsMountOf(plan, root),
    containerPid: 0,
    executable: plan.process?.args[0],
    hooks: plan.hooks,
    ...(process.env.NOTIFY_SOCKET && { notifies: true as const }),
    execDefaults: {
      newKeyring: plan.newKeyring,
      process: config.process && configToExactJson(config.process),
    },
  };
}

function recordOf({ hierarchy, directory, isOwn }: PlacedCgroup): ContainerRecord['cgroups'][number] {
  if (hierarchy.version === 2) return { directory, isOwn, freezer: 'cgroup.freeze' };
  return { directory, isOwn, ...(hierarchy.controllers.includes('freezer') && { freezer: 'freezer.state' }) };
}

// Without a mount namespace of the container's own its mounts outlive it. In the runtime's namespace they are collected
// below a folder of the state, from where they are surely taken away; a joined one is told by its path and its number.
function rootfsMountOf({ rootfs, namespaces, id }: Plan, root: string): ContainerRecord['rootfsMount'] {
  if (rootfs.change !== 'chroot') return undefined;
  const joined = namespaces.joined.find(({ type }) => type === 'mount');
  if (joined === undefined) return { path: `${folderOf(root, id)}/${ROOTFS_FOLDER}` };
  const inode = step(`${joined.pointer}/path`, () => statSync(joined.path).ino);
  return { path: rootfs.path, namespace: { path: joined.path, inode } };
}

interface Build {
  options: CreateOptions;
  plan: Plan;
  driver: CgroupDriver;
  placed: PlacedCgroup[];
  record: ContainerRecord;
  settings: CallerSettings;
  extras: Extras;
  undo: UndoList;
}

async function build(parts: Build): Promise<number> {
  const { options, plan, driver, placed, record, settings, extras, undo } = parts;
  const { root, id } = options;
  const folderFd = makeFolder(root, id);
  undo.add('remove state', () => removeFolder(root, id, folderFd));
  flock(folderFd, K.LOCK_EX);
  claimGone(placed);
  record.cgroups = placed.map(recordOf);
  saveRecord(root, record);
  const [parentFd, syncFd] = socketpair();
  const fifos = openFifos(`${root}/${id}`, folderFd);
  if (record.notifies) mkdirSync(`${root}/${id}/${NOTIFY_FOLDER}`, { mode: 0o755 });
  if (record.rootfsMount !== undefined) prepareMountPoint(record.rootfsMount, undo);
  undo.add('remove cgroup', () => driver.remove(record.cgroups));
  let starterPid = 0;
  undo.add('end the container process', () => {
    closeSync(parentFd);
    endCreated(record.pid, starterPid);
  });
  undo.add('end what is in its cgroup instead', () => driver.entered?.());
  const isRootless = options.isRootless ?? (plan.isRootless ? true : undefined);
  const own = await makeCgroups(placed, plan.cgroup, { driver, isRootless });
  if (own !== placed) record.cgroups = own.map(recordOf);
  const rootMountPoint = record.rootfsMount?.path ?? plan.rootfs.path;
  const makeFilter = extras.seccomp?.makeFilter;
  const waits = driver.adopt !== undefined;
  const launched = launch({ plan, placedCgroup: placed, syncFd, waits, ...fifos, rootMountPoint, makeFilter });
  starterPid = launched.starterPid;
  for (const fd of [syncFd, fifos.startFd, fifos.resultFd]) closeSync(fd);
  if (waits) {
    driver.adopt?.(launched.starterPid);
    // Has it ended, guide() tells.
    answer(parentFd);
  }
  const onStarted = () => {
    driver.entered?.();
    saveProcess(root, record);
    makeFilter?.();
  };
  if (isPlanNeededLater(plan)) extras.meanwhile.push(() => savePlan(root, plan));
  let brief = new Uint8Array(0);
  extras.meanwhile.push(() => {
    brief = briefOf(record);
  });
  guide({ plan, record, settings, launched, parentFd, extras, onStarted });
  closeSync(parentFd);
  if (plan.cgroup.resources !== undefined) {
    await driver.limit(placed, plan.cgroup.resources, { pointer: '/linux/resources', warn });
  }
  actAll(extras.waiting, record.pid);
  if (options.pidFile !== undefined) writePidFile(options.pidFile, record.pid, undo);
  markCreated(root, id, brief);
  return folderFd;
}

function isPlanNeededLater({ hooks, personality, memoryPolicy, seccomp }: Plan): boolean {
  const isUsual = personality === undefined && memoryPolicy === undefined && seccomp === undefined;
  return !isUsual || (hooks.startContainer ?? []).length > 0;
}

function saveProcess(root: string, record: ContainerRecord): void {
  record.startTime = startTimeOf(record.pid) ?? '';
  record.containerPid = containerPidOf(record.pid);
  saveRecord(root, record);
}

// Both ends of a FIFO in one descriptor: opening doesn't wait, and the container process alone keeps it open.
function openFifos(folder: string, folderFd: number): { startFd: number; resultFd: number } {
  const open = (name: string) => {
    mknodat(folderFd, name, K.S_IFIFO | 0o600);
    return openSync(`${folder}/${name}`, 'r+');
  };
  return { startFd: open(START_FIFO), resultFd: open(RESULT_FIFO) };
}

function writePidFile(path: string, pid: number, undo: UndoList): void {
  step(`write pid file ${path}`, () => writeFileSync(path, String(pid)));
  undo.add('remove pid file', () => unlinkSync(path));
}
