// What the runtime remembers of a container: one folder under the root, state.json in it, a lock on the folder.
import * as K from '../../bindings/constants.ts';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from '../../bindings/file-system.ts';
import { readdirSync } from '../../bindings/stat.ts';
import type { HookKind, Hooks } from '../bundle/config.ts';
import { errnoOf, RuntimeError, StateError, step, withStep } from '../errors.ts';
import { KEPT_FILES } from './kept-exec-layout.ts';
import { isRecordOf } from './record-shape.ts';
import { removeTree } from './remove-tree.ts';

/** What a cgroup is frozen by: cgroup v1's freezer controller, or v2. */
export type FreezerFile = 'freezer.state' | 'cgroup.freeze';

/** state.json. Everything that `delete` has to undo is in here before it's made. */
export interface ContainerRecord {
  ociVersion: string;
  id: string;
  /** The container process in the runtime's pid namespace; 0 before it exists. */
  pid: number;
  /** The process's start time in clock ticks since boot: tells a reused pid, proc_pid_stat(5) field 22. */
  startTime: string;
  /** The process that runs `create`. */
  creator: { pid: number; startTime: string };
  bundle: string;
  rootfs: string;
  /** RFC 3339, UTC. */
  created: string;
  /** The uid that created the container. */
  owner: number;
  annotations: { [key: string]: string };
  /** The container's cgroup in each hierarchy: absolute folders, made by the runtime or joined; where they freeze. */
  cgroups: { directory: string; isOwn: boolean; freezer?: FreezerFile }[];
  /**
   * Set where the mounts are in a mount namespace that outlives the container; `namespace` if it's a joined one: its
   * path may lead to another by now, its inode number (namespaces(7)) tells.
   */
  rootfsMount: { path: string; namespace?: { path: string; inode: number } } | undefined;
  /** The pid as the container sees it. */
  containerPid: number;
  /** process.args[0]; undefined without a process. */
  executable: string | undefined;
  hooks: Hooks;
  /** Set if the container may tell its caller's service manager that it's ready: sd_notify(3). */
  notifies?: true;
  /** Set if the container is in groups of a resctrl file system: files that take pids, and folders to remove. */
  resctrl?: { mountPoint: string; tasks: string[]; own: string[] };
  /** Set if systemd has made the cgroup: a unit of the system's manager, or of the user's. */
  scope?: { unit: string; isUser: boolean; description: string } | undefined;
  /** What holds for a process of `exec` that doesn't say otherwise. */
  execDefaults: {
    newKeyring: boolean;
    /** The container's own process, as JSON with exact numbers (plan-file.ts): only `exec` parses it. */
    process: string | undefined;
  };
}

const STATE_FILE = 'state.json';
/** The FIFO on which the container process waits for `start`. */
export const START_FIFO = 'start';
/** The FIFO on which the container process tells why it could not become the user's program. */
export const RESULT_FIFO = 'result';
/** The plan, for startContainer hooks (plan-file.ts). */
export const PLAN_FILE = 'plan.json';
/** A file that is made when `create` is done. It costs less than writing the record again. */
const CREATED_FILE = 'created';
/** A folder that the container sees, too, and the socket in it that its service manager's messages go to. */
export const NOTIFY_FOLDER = 'notify';
export const NOTIFY_NAME = 'notify.sock';
/** Where the root file system is mounted if the container has no mount namespace of its own. */
export const ROOTFS_FOLDER = 'rootfs';

/** Whether there are hooks of a kind. The code that runs hooks is loaded only then. */
export function hasHooks({ hooks }: ContainerRecord, kind: HookKind): boolean {
  return (hooks[kind] ?? []).length > 0;
}

/** The folder of a container. */
export function folderOf(root: string, id: string): string {
  return `${root}/${id}`;
}

/** The record is there, but can't be read: damaged, or not made by this runtime. */
export class DamagedRecordError extends RuntimeError {}

/**
 * Reads state.json.
 * @throws StateError if there's no such container; DamagedRecordError
 */
export function loadRecord(root: string, id: string): ContainerRecord {
  const path = `${folderOf(root, id)}/${STATE_FILE}`;
  const record = parse(readIfThere(path));
  if (isRecordOf(id, record)) return record;
  const hint = '`delete --force` removes it';
  throw new DamagedRecordError(`${path} is damaged`, { hint });
}

// Whatever is in its place: not waited for, as a FIFO would have it, not followed.
function readIfThere(path: string): string {
  let fd = -1;
  try {
    fd = openSync(path, K.O_RDONLY | K.O_NONBLOCK | K.O_NOFOLLOW);
    return readFileSync(fd, 'utf8');
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (errno === 'ENOENT' || errno === 'ENOTDIR') throw new StateError('container does not exist');
    if (errno === 'EISDIR' || errno === 'ELOOP' || errno === 'EIO') return '';
    throw withStep(`read ${path}`, error);
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Writes state.json so that a reader sees the old or the new one, never half of it.
 * Not synced to the disk: what it describes are processes, and those don't survive what a sync is for.
 */
export function saveRecord(root: string, record: ContainerRecord): void {
  const path = `${folderOf(root, record.id)}/${STATE_FILE}`;
  step(`save state ${path}`, () => {
    writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  });
}

/**
 * Notes that `create` is done.
 * @param brief what the launcher needs to know (brief.ts), or nothing
 */
export function markCreated(root: string, id: string, brief = new Uint8Array(0)): void {
  const path = `${folderOf(root, id)}/${CREATED_FILE}`;
  step('save state', () => writeFileSync(path, brief, { mode: 0o600, flag: 'wx' }));
}

/** Whether `create` is done. */
export function isCreated(root: string, id: string): boolean {
  return existsSync(`${folderOf(root, id)}/${CREATED_FILE}`);
}

/** Makes the container's folder. Throws StateError if the id is taken. Returns an open descriptor of it. */
export function makeFolder(root: string, id: string): number {
  step(`make ${root}`, () => mkdirSync(root, { recursive: true, mode: 0o700 }));
  try {
    mkdirSync(folderOf(root, id), { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw new StateError('container with this id exists already');
    throw error;
  }
  return openSync(folderOf(root, id), FOLDER);
}

// A link is not followed: what it leads to is not the runtime's to change.
const FOLDER = K.O_RDONLY | K.O_DIRECTORY | K.O_NOFOLLOW;

/** Opens the container's folder for locking. Throws StateError if there's no such container. */
export function openFolder(root: string, id: string): number {
  try {
    return openSync(folderOf(root, id), FOLDER);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw new StateError('container does not exist');
    if (errnoOf(error) === 'ENOTDIR') throw new RuntimeError(`${folderOf(root, id)} is no container's folder`);
    throw error;
  }
}

/**
 * Removes the container's folder, and closes the descriptor that held its lock. Only what is known to be in there is
 * removed, never a tree: a mount may be left in it.
 */
export function removeFolder(root: string, id: string, folderFd: number): void {
  step('remove state', () => removeFiles(folderOf(root, id)));
  closeSync(folderFd);
}

function removeFiles(folder: string): void {
  for (const name of [CREATED_FILE, STATE_FILE, START_FIFO, RESULT_FIFO])
    ifThere(() => unlinkSync(`${folder}/${name}`));
  ifThere(() => removeWithRareFiles(folder));
}

// Few containers have them: the others don't pay for looking.
function removeWithRareFiles(folder: string): void {
  if (isRemoved(folder)) return;
  for (const name of [`${STATE_FILE}.new`, PLAN_FILE]) ifThere(() => unlinkSync(`${folder}/${name}`));
  ifThere(() => rmdirSync(`${folder}/${ROOTFS_FOLDER}`));
  ifThere(() => removeTree(`${folder}/${NOTIFY_FOLDER}`));
  // An `exec`, which holds no lock, may leave one behind this.
  for (let times = 0; times < 3; times++) {
    for (const name of KEPT_FILES) ifThere(() => unlinkSync(`${folder}/${name}`));
    if (isRemoved(folder)) return;
  }
  rmdirSync(folder);
}

function isRemoved(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'ENOTEMPTY') throw error;
    return false;
  }
}

function ifThere(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** The ids of all containers under the root. */
export function listIds(root: string): string[] {
  try {
    const entries = readdirSync(root, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
