// The program of `exec`: goes into a running container and becomes the user's program there. All that needs rights is
// done before the process is made that the container can see: nobody in there ever meets more than the user's program
// is to have (CVE-2016-9962, CVE-2019-5736).
import * as K from '../../bindings/constants.ts';
import type { Address } from '../final/memory.ts';
import { Script } from '../final/script.ts';
import type { ExecPlan } from '../plan/exec.ts';
import { hasLabels } from '../plan/labels.ts';
import type { ProcessPlan } from '../plan/process.ts';
import { RLIMITS } from '../plan/rlimits.ts';
import { becomeRoot, dieWithRuntime, forkInto, joinV1Cgroups } from './begin.ts';
import { ExecDirectory } from './exec-directory.ts';
import { setAffinity, setMemoryPolicy, setPersonality } from './execution.ts';
import { openHostProc, setLabels } from './labels.ts';
import { writeFile } from './namespaces.ts';
import { joinKeyring, resetSignals, setLimits, takePrivileges } from './privileges.ts';
import { capabilitiesKept, installFilter, installWithListener } from './seccomp.ts';
import { setOomScore } from './settings.ts';
import { controlTerminal, makeExecTerminal, useTerminal } from './terminal.ts';
import { forbidTracing } from './tracing.ts';

export interface ExecInputs {
  plan: ExecPlan;
  /** The environment, HOME included. */
  env: string[];
  container: RunningContainer;
  syncFd: number;
  /** Whether it waits for a byte first: it may have to be put where it can enter the cgroup. */
  waits?: boolean;
  /** The seccomp filter. */
  filter: Uint8Array | undefined;
}

/** Where the process goes. */
export interface RunningContainer {
  /** A pidfd of the container process, and the CLONE_NEW* flags of its namespaces to join. */
  pidfd: number;
  namespaceFlags: number;
  /** The root directory, where it's not that of the mount namespace. */
  rootFd: number | undefined;
  /** The v1 cgroups, and the v2 cgroup. */
  v1Cgroups: string[];
  cgroupFd: number | undefined;
  /** Files of a resctrl file system that take pids. */
  resctrlTasks: string[];
}

/** Builds the program. */
export function execScript({ plan, env, container, syncFd, waits, filter }: ExecInputs): Script {
  const { process } = plan;
  // Who may trace in the container gets at what is open there: files of the host's are closed at once.
  const script = new Script(syncFd, 0);
  if (waits === true) script.program.waitByte(syncFd);
  script.call('close_range', [3 + plan.preserveFds, 0xffffffff, K.CLOSE_RANGE_CLOEXEC]);
  script.call('prctl', [K.PR_SET_NAME, script.string('runts-exec'), 0, 0, 0]);
  forbidTracing(script);
  dieWithRuntime(script);
  joinCgroups(script, plan, container);
  setOomScore(script, process.oomScoreAdj, plan);
  const proc = hasLabels(process) ? openHostProc(script) : undefined;
  joinContainer(script, container);
  const cwd = new ExecDirectory(script, process);
  cwd.enter();
  if (process.terminal !== undefined) useTerminal(script, makeExecTerminal(script, process.terminal));
  resetSignals(script, plan.ignoredSignals);
  setPersonality(script, plan);
  setMemoryPolicy(script, plan);
  if (proc !== undefined) setLabels(script, process, proc);
  if (plan.newKeyring) joinKeyring(script, plan.id);
  takeAll(script, plan);
  script.within('create the process in the container', () => forkInto(script, K.CLONE_PARENT, undefined));
  cwd.enterLate();
  becomeProgram(script, plan, { env, filter });
  script.finish();
  return script;
}

// config.md, execCPUAffinity: the initial one before the cgroups are joined, the final one after that.
function joinCgroups(
  script: Script,
  { affinity }: ExecPlan,
  { v1Cgroups, cgroupFd, resctrlTasks }: RunningContainer,
): void {
  const { initial, final } = affinity;
  if (initial !== undefined) setAffinity(script, '/process/execCPUAffinity/initial', initial);
  joinV1Cgroups(script, v1Cgroups);
  for (const file of resctrlTasks) script.within('/linux/intelRdt', () => writeFile(script, file, '0'));
  if (cgroupFd !== undefined) {
    script.within(JOIN_CGROUP, () => forkInto(script, K.CLONE_PARENT, cgroupFd));
    dieWithRuntime(script);
    // A folder of the host's: it would lead out of the container (CVE-2024-21626).
    script.call('close', [cgroupFd]);
  }
  if (final !== undefined) setAffinity(script, '/process/execCPUAffinity/final', final);
}

/** The step that fails with EBUSY if the container's cgroup can't have processes itself. */
export const JOIN_CGROUP = 'join the cgroup';
/** The step that fails with ESRCH if the container process has ended. */
export const JOIN_NAMESPACES = 'join the namespaces of the container';

// setns(2): a pidfd stands for all namespaces of its process at once; they're joined with the rights of before.
function joinContainer(script: Script, { pidfd, namespaceFlags, rootFd }: RunningContainer): void {
  if (namespaceFlags !== 0) {
    script.within(JOIN_NAMESPACES, () => script.call('setns', [pidfd, namespaceFlags]));
  }
  script.call('close', [pidfd]);
  if (rootFd !== undefined) {
    script.call('fchdir', [rootFd]);
    script.call('chroot', [script.string('.')]);
    script.call('close', [rootFd]);
  }
  if ((namespaceFlags & K.CLONE_NEWUSER) !== 0) becomeRoot(script);
}

const RLIMIT_NPROC = RLIMITS.indexOf('RLIMIT_NPROC');
const RLIM_INFINITY = 2n ** 64n - 1n;

const isProcesses = ({ resource }: ProcessPlan['rlimits'][number]) => resource === RLIMIT_NPROC;

// The number of the user's processes is looked at when the last one is made, while this one still counts: that limit is
// taken on by the process itself, which may lower it.
function takeAll(script: Script, plan: ExecPlan): void {
  const { process } = plan;
  if (process.rlimits.some(isProcesses)) {
    const most = script.program.pointers([RLIM_INFINITY, RLIM_INFINITY]);
    script.call('prlimit64', [0, RLIMIT_NPROC, most, 0], { ignore: true });
  }
  const rlimits = process.rlimits.filter((limit) => !isProcesses(limit));
  takePrivileges(script, plan, { ...process, rlimits }, { kept: capabilitiesKept(plan) });
}

function becomeProgram(script: Script, plan: ExecPlan, { env, filter }: Pick<ExecInputs, 'env' | 'filter'>): void {
  const { process, listenFds } = plan;
  const { program } = script;
  script.call('setsid', []);
  if (process.terminal !== undefined) controlTerminal(script);
  setLimits(script, process.rlimits.filter(isProcesses));
  if (process.scheduler !== undefined || process.ioPriority !== undefined) script.ask({ type: 'final' });
  const more = listenFds === 0 ? [] : [listenPid(script)];
  const argv = program.stringArray(process.args);
  const envp = program.stringArray(env, more);
  if (filter !== undefined) install(script, plan, filter);
  script.within('/process/args/0', () => script.execFirst(process.executables, argv, envp));
}

function install(script: Script, { seccomp }: ExecPlan, filter: Uint8Array): void {
  const installed = { filter, flags: seccomp?.flags ?? 0 };
  if (seccomp?.listener === undefined) installFilter(script, installed, { isAlone: false });
  else installWithListener(script, installed, () => {});
}

const PID_DIGITS = 10;

// sd_listen_fds(3). The process can't write numbers, but proc_pid(5) can; without /proc nobody gets the descriptors.
function listenPid(script: Script): Address {
  const name = 'LISTEN_PID=';
  const text = script.program.writableBytes(new TextEncoder().encode(name + '\0'.repeat(PID_DIGITS + 1)));
  const args = [K.AT_FDCWD, script.string('/proc/self'), text.plus(name.length), PID_DIGITS];
  script.call('readlinkat', args, { ignore: true });
  return text;
}
