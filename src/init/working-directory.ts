// process.cwd: made if it's missing, and certainly inside the container (CVE-2024-21626).
import * as K from '../../bindings/constants.ts';
import type { Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';
import type { ProcessPlan } from '../plan/process.ts';
import type { Root } from './paths.ts';

const EACCES = 13;
// user_namespaces(7): where setgroups is denied there are no groups to change.
const EPERM = 1;

/**
 * Opens the working directory within the container's root. Magic links are refused, so that no descriptor that the
 * program has open can become the way out of the container.
 */
export function openWorkingDirectory(root: Root, process: ProcessPlan, into: Slot): void {
  const { script } = root;
  const { cwd } = process;
  script.begin(`/process/cwd ${cwd}`);
  const flags = K.O_PATH | K.O_DIRECTORY;
  const ask = { type: 'makePath', path: cwd, entry: 'directory' } as const;
  if (isRoot(process)) root.open(cwd, into, { flags, ask });
  else {
    const [refused, opened] = [script.newLabel(), script.newLabel()];
    root.open(cwd, into, { flags, ask, gotoOn: [{ errno: EACCES, label: refused }] });
    script.label(opened);
    script.later(() => {
      script.label(refused);
      asUser(script, process, () => root.open(cwd, into, { flags }));
      script.program.goto(opened);
    });
  }
  script.end();
}

/** Changes to the directory that openWorkingDirectory opened. */
export function enterWorkingDirectory(script: Script, process: ProcessPlan, fd: Slot): void {
  const path = process.cwd;
  script.begin(`/process/cwd ${path}`);
  if (isRoot(process)) script.call('fchdir', [fd], { path });
  else {
    const [refused, entered] = [script.newLabel(), script.newLabel()];
    script.call('fchdir', [fd], { path, gotoOn: [{ errno: EACCES, label: refused }] });
    script.label(entered);
    script.later(() => {
      script.label(refused);
      asUser(script, process, () => script.call('fchdir', [fd], { path }));
      script.program.goto(entered);
    });
  }
  script.end();
}

/** Whether a process has the ids that it's set up with and no further groups: where root is refused, it is, too. */
export function isRoot({ uid, gid, additionalGids }: ProcessPlan): boolean {
  return uid === 0 && gid === 0 && additionalGids.length === 0;
}

/**
 * Calls with the user's ids: on a network file system root may be refused where the user is not. The real and saved ids
 * stay root's, setresuid(2), so that the way back is open; changing ids takes the parent-death signal away.
 */
export function asUser(script: Script, { uid, gid, additionalGids }: ProcessPlan, build: () => void): void {
  const groups = script.program.bytes(new Uint8Array(new Uint32Array(additionalGids).buffer), 4);
  script.call('setgroups', [additionalGids.length, groups], { ignoreErrnos: [EPERM] });
  script.call('setresgid', [-1, gid, -1]);
  script.call('setresuid', [-1, uid, -1]);
  build();
  script.call('setresuid', [-1, 0, -1]);
  script.call('setresgid', [-1, 0, -1]);
  script.call('setgroups', [0, 0], { ignoreErrnos: [EPERM] });
  script.call('prctl', [K.PR_SET_PDEATHSIG, K.SIGKILL, 0, 0, 0]);
}
