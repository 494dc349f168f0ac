// Namespaces from the container's side: joining those given by path, making those that can only be made late.
import { closeSync, openSync, readlinkSync, writeFileSync } from 'node:fs';
import * as K from '../../bindings/constants.ts';
import { check } from '../../bindings/syscall.ts';
import { setns, trySetns, unshare } from '../../bindings/process.ts';
import { RuntimeError, step } from '../errors.ts';
import { type JoinedNamespace, NAMESPACE_FILE, type NamespacePlan } from '../plan/namespaces.ts';

export interface OpenNamespace extends JoinedNamespace {
  fd: number;
}

/** Opens the namespaces to join and checks that each is of its kind, before anything is changed. */
export function openNamespaces(joined: JoinedNamespace[]): OpenNamespace[] {
  return joined.map((namespace) =>
    step(`${namespace.pointer}/path ${namespace.path}`, () => {
      const fd = openSync(namespace.path, 'r');
      checkKind(fd, namespace);
      return { ...namespace, fd };
    }),
  );
}

// A namespace's file in nsfs is called after its kind: "net:[4026531840]", namespaces(7).
function checkKind(fd: number, { type }: JoinedNamespace): void {
  const target = readlinkSync(`/proc/self/fd/${fd}`);
  if (target.startsWith(`${NAMESPACE_FILE[type]}:[`)) return;
  const what = /^[a-z_]+:\[/.test(target) ? `a namespace of kind ${target.split(':')[0]}` : 'no namespace';
  throw new RuntimeError(`is ${what}, not one of type ${type}`);
}

const EPERM = -1;

/**
 * Joins the namespaces. Those that belong to the host can only be joined before the user namespace, those that belong
 * to the user namespace only after it: what is refused at first is tried again (setns(2), "EPERM").
 */
export function joinNamespaces(namespaces: OpenNamespace[]): void {
  const others = namespaces.filter(({ type }) => type !== 'user' && type !== 'mount');
  const user = namespaces.filter(({ type }) => type === 'user');
  // The mount namespace comes last: it replaces the root directory.
  const mount = namespaces.filter(({ type }) => type === 'mount');
  const refused = others.filter(({ fd, flag, pointer }) => {
    const result = trySetns(fd, flag);
    if (result !== EPERM || user.length === 0) step(pointer, () => check('setns', result));
    return result === EPERM;
  });
  for (const { fd, flag, pointer } of [...user, ...refused, ...mount]) step(pointer, () => setns(fd, flag));
  for (const { fd } of namespaces) closeSync(fd);
}

/** A new cgroup namespace; its root is the cgroup that this process is in now. */
export function makeCgroupNamespace({ newCgroup }: NamespacePlan): void {
  if (newCgroup) step('new cgroup namespace', () => unshare(K.CLONE_NEWCGROUP));
}

/** A new time namespace: offsets are written while nobody is in it, then it's entered (time_namespaces(7)). */
export function makeTimeNamespace({ newTime, timeOffsets }: NamespacePlan): void {
  if (!newTime) return;
  step('new time namespace', () => {
    unshare(K.CLONE_NEWTIME);
    for (const [clock, { secs, nanosecs }] of Object.entries(timeOffsets)) {
      step(`/linux/timeOffsets/${clock}`, () => {
        writeFileSync('/proc/self/timens_offsets', `${clock} ${secs} ${nanosecs}`);
      });
    }
    const fd = openSync('/proc/self/ns/time_for_children', 'r');
    setns(fd, K.CLONE_NEWTIME);
    closeSync(fd);
  });
}
