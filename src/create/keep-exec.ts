// Keeps what was done for an `exec`, so that the launcher can do it again (src/launcher/exec.ts): the program, and all that
// it depends on.
import * as K from '../../bindings/constants.ts';
import { closeSync, openSync, readFileSync } from '../../bindings/file-system.ts';
import { tryOpenat2 } from '../../bindings/files.ts';
import { fstatSync } from '../../bindings/stat.ts';
import { NAMESPACE_TYPES } from '../bundle/config.ts';
import { toRuntimeError } from '../errors.ts';
import { IN_ROOT } from '../init/paths.ts';
import type { ExecPlan } from '../plan/exec.ts';
import { NAMESPACE_FILE, NAMESPACE_FLAG } from '../plan/namespaces.ts';
import { type CallerFacts, type KeptExec, keyOfFile, keyOfWords, saveKeptExec } from '../state/kept-exec.ts';
import { FIRST_OF_LAUNCHER, PASSWD_WORDS } from '../state/kept-exec-layout.ts';
import type { ContainerRecord } from '../state/store.ts';
import type { ExecWay } from './exec.ts';
import { namespaceOf } from './exec-place.ts';
import { maskField, readHostFacts } from './host.ts';
import { pipeOwner } from './streams.ts';

export interface KeepInputs {
  root: string;
  record: ContainerRecord;
  /** What the container's id was followed by, or what the file with the process has. */
  asked: readonly string[] | Uint8Array;
  plan: ExecPlan;
  way: ExecWay;
  /** A digest of what runts was built from: 16 hexadecimal digits. */
  sources: string;
}

/** Keeps it, if it's plain. Whatever prevents that is no error. */
export function keepExec(inputs: KeepInputs): void {
  if (!isPlain(inputs)) return;
  try {
    const kept = gather(inputs);
    if (kept !== undefined) saveKeptExec(inputs.root, inputs.record.id, kept);
  } catch (error) {
    // The container may have ended by now.
    if (toRuntimeError(error) === undefined) throw error;
  }
}

// What the launcher can't do: answer the program, or repeat a warning. It tells by the name whether a process has become
// the user's program.
function isPlain({ plan, way }: KeepInputs): boolean {
  const { process, seccomp, warnings } = plan;
  if (process.terminal !== undefined || process.scheduler !== undefined || process.ioPriority !== undefined)
    return false;
  if (seccomp?.listener !== undefined || warnings.length > 0) return false;
  if (process.executables.some((path) => path.endsWith('/runts-exec') || path === 'runts-exec')) return false;
  const { pidfd, rootFd = pidfd, cgroupFd = pidfd } = way.place;
  return [way.syncFd, pidfd, rootFd, cgroupFd].every((fd) => fd > 2 && fd < FIRST_OF_LAUNCHER);
}

function gather({ record, asked, plan, way, sources }: KeepInputs): KeptExec | undefined {
  const { pid, startTime } = record;
  const { place, program, lastStart, hasFilter } = way;
  const passwd = plan.process.needsHome ? passwdOf(pid) : 'unused';
  if (passwd === undefined) return undefined;
  return {
    sources: BigInt(`0x${sources}`),
    key: asked instanceof Uint8Array ? keyOfFile(asked) : keyOfWords(asked),
    caller: callerFacts(),
    links: namespaceLinks(pid, place.namespaceFlags),
    pid,
    startTime,
    passwd,
    pipeOwner: plan.process.uid === 0 ? undefined : pipeOwner(pid, plan.process.uid),
    fds: { sync: way.syncFd, pidfd: place.pidfd, root: place.rootFd, cgroup: place.cgroupFd },
    cgroup: place.v2Cgroup,
    lastStart,
    hasFilter,
    program,
  };
}

function callerFacts(): CallerFacts {
  const { uid, umask, openFiles, lastCapability } = readHostFacts();
  const status = readFileSync('/proc/self/status', 'latin1');
  const [permitted, bounding] = [maskField(status, 'CapPrm'), maskField(status, 'CapBnd')];
  return { uid, umask, openFiles, permitted, bounding, lastCapability };
}

// The program joins those of the container that were not the runtime's own: others must be shared still. The container's
// user namespace says which of the host's users its users are.
function namespaceLinks(pid: number, joined: number): [string, string][] {
  const links: [string, string][] = [];
  for (const type of NAMESPACE_TYPES) {
    const file = NAMESPACE_FILE[type];
    const target = namespaceOf(pid, file);
    const isShared = (joined & NAMESPACE_FLAG[type]) === 0;
    if (target === undefined) continue;
    if (isShared) links.push([`/proc/self/ns/${file}`, target]);
    if (isShared || type === 'user') links.push([`/proc/${pid}/ns/${file}`, target]);
  }
  return links;
}

/** A file's ctime goes by the kernel's ticks: one that changes twice in a tick looks the same. */
const TICK_MS = 100;

// HOME comes from there (home.ts). One that was changed just now may change again without looking so.
function passwdOf(pid: number): 'absent' | bigint[] | undefined {
  const rootFd = openSync(`/proc/${pid}/root`, K.O_PATH);
  const fd = tryOpenat2(rootFd, 'etc/passwd', { flags: K.O_PATH, resolve: IN_ROOT });
  closeSync(rootFd);
  if (fd === -ENOENT) return 'absent';
  if (fd < 0) return undefined;
  const stat = fstatSync(fd);
  closeSync(fd);
  const [seconds, nanoseconds] = stat.ctime.split('.').map(Number) as [number, number];
  const isSettled = seconds * 1000 + nanoseconds / 1e6 < Date.now() - TICK_MS;
  return stat.isFile() && isSettled ? stat.words(PASSWD_WORDS) : undefined;
}

const ENOENT = 2;
