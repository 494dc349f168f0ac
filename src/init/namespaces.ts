// Namespaces as calls: joining those given by path, making those that can only be made late.
import * as K from '../../bindings/constants.ts';
import type { Operand, Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';
import type { JoinedNamespace, NamespacePlan } from '../plan/namespaces.ts';
import type { Plan } from '../plan/plan.ts';
import { asTraceable } from './tracing.ts';

const utf8 = new TextEncoder();

/** A namespace to join, opened by the runtime. */
export interface OpenNamespace extends JoinedNamespace {
  fd: number;
}

const EPERM = 1;

/**
 * Joins the namespaces. Those that belong to the host can only be joined before the user namespace, those that belong
 * to the user namespace only after it: what is refused at first is tried again (setns(2), "EPERM").
 */
export function joinNamespaces(script: Script, namespaces: OpenNamespace[]): void {
  const others = namespaces.filter(({ type }) => type !== 'user' && type !== 'mount');
  const user = namespaces.find(({ type }) => type === 'user');
  // The mount namespace comes last: it replaces the root directory.
  const mount = namespaces.find(({ type }) => type === 'mount');
  const attempts = others.map((namespace) => {
    const result = script.slot();
    join(script, namespace, { save: result, ignoreErrnos: user === undefined ? [] : [EPERM] });
    return { namespace, result };
  });
  if (user !== undefined) {
    join(script, user);
    for (const { namespace, result } of attempts) joinUnlessDone(script, namespace, result);
  }
  if (mount !== undefined) join(script, mount);
}

function joinUnlessDone(script: Script, namespace: OpenNamespace, result: Slot): void {
  const done = script.newLabel();
  script.program.ifZero(result, done);
  join(script, namespace);
  script.label(done);
}

function join(
  script: Script,
  { fd, flag, path, pointer }: OpenNamespace,
  options: { save?: Slot; ignoreErrnos?: number[] } = {},
): void {
  script.within(pointer, () => script.call('setns', [fd, flag], { path, ...options }));
}

/** New namespaces that are to belong to the root of the user namespace. */
export function makeNamespaces(script: Script, { unshareFlags }: NamespacePlan): void {
  if (unshareFlags !== 0) script.within('new namespaces', () => script.call('unshare', [unshareFlags]));
}

/** A new cgroup namespace; its root is the cgroup that the process is in now. */
export function makeCgroupNamespace(script: Script, { newCgroup }: NamespacePlan): void {
  if (newCgroup) {
    script.begin('new cgroup namespace');
    script.call('unshare', [K.CLONE_NEWCGROUP]);
    script.end();
  }
}

/**
 * A new time namespace: the runtime writes the offsets while nobody is in it, then it's entered (time_namespaces(7)).
 * The process can't write them itself in a user namespace: what can't be traced has files of root's in /proc.
 */
export function makeTimeNamespace(script: Script, plan: Plan, procFd?: number): void {
  const { newTime, timeOffsets } = plan.namespaces;
  if (!newTime) return;
  script.within('new time namespace', () => {
    script.call('unshare', [K.CLONE_NEWTIME]);
    if (Object.keys(timeOffsets).length > 0) asTraceable(script, plan, () => script.ask({ type: 'timeOffsets' }));
    const namespace = script.slot();
    const path = '/proc/self/ns/time_for_children';
    openInProc(script, path, K.O_CLOEXEC, { save: namespace, procFd });
    script.call('setns', [namespace, K.CLONE_NEWTIME], { path });
  });
}

// In a mount namespace that was joined, /proc is whatever somebody has put there: then the host's is given.
function openInProc(
  script: Script,
  path: string,
  flags: number,
  { save, procFd }: { save: Slot; procFd?: Operand | undefined },
): void {
  const name = procFd === undefined ? path : path.slice('/proc/'.length);
  script.call('openat', [procFd ?? K.AT_FDCWD, script.string(name), flags, 0], { path, save });
}

/** The length of a text in UTF-8. Buffer would take 0.2 ms at its first use. */
export function byteLength(text: string): number {
  return utf8.encode(text).length;
}

/**
 * Writes a short text to an existing file of the host's.
 * @param procFd the host's /proc, if the file is in there and can't be reached by its path any more
 */
export function writeFile(script: Script, path: string, text: string, procFd?: Operand): void {
  const fd = script.slot();
  openInProc(script, path, K.O_WRONLY | K.O_CLOEXEC, { save: fd, procFd });
  script.call('write', [fd, script.string(text), byteLength(text)], { path });
  script.release(fd);
}
