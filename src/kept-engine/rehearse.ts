// What a command does is done once before the engine is kept, as far as it changes nothing: the engine has then read, linked
// and prepared the functions for it, as it does when they're called for the first time, at 2 µs each.
import type { Seccomp } from '../bundle/config.ts';
import { parseJson } from '../bundle/json.ts';
import { fileSystemDriver } from '../cgroup/file-system-driver.ts';
import { parseCommandLine } from '../cli/parse.ts';
import { readHostFacts } from '../create/host.ts';
import { RuntimeError } from '../errors.ts';
import { beginScript } from '../init/begin.ts';
import { execScript } from '../init/exec.ts';
import { beginFinal, endFinal } from '../init/final.ts';
import { setupScript } from '../init/setup.ts';
import { defaultConfig } from '../operate/spec.ts';
import { planExec } from '../plan/exec.ts';
import { makePlan, type Plan } from '../plan/plan.ts';
import type { SeccompPlan } from '../plan/seccomp.ts';
import { assembleScript } from '../spawn.ts';
import { briefOf } from '../state/brief.ts';
import { stateDocument } from '../state/document.ts';
import type { ContainerRecord } from '../state/store.ts';
import { validateConfig } from '../validate/config.ts';

const COMMAND_LINES = [
  '--root /r --log /l --log-format json create --bundle /b --pid-file /p id',
  'run -b /b id',
  'exec --process /p --detach --pid-file /p id',
  'exec id true',
  'start id',
  'kill id KILL',
  'delete --force id',
  'state id',
];
/** Any numbers that could be descriptors. */
const [SYNC, START, RESULT, PROGRAM] = [10, 11, 12, 13];

/** A profile of the kind that managers have, but shorter: with and without conditions, for three architectures. */
const SECCOMP: Seccomp = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 1,
  architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  syscalls: [
    {
      names: 'accept accept4 access bind brk chdir close connect dup execve exit fork fstat futex getpid getuid'
        .concat(' ioctl kill listen lseek mkdir mmap mprotect munmap open openat pipe poll read recvfrom select sendto')
        .concat(' sigaltstack socket stat statx uname unlink wait4 write writev')
        .split(' '),
      action: 'SCMP_ACT_ALLOW',
    },
    { names: ['personality'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 8, op: 'SCMP_CMP_EQ' }] },
    { names: ['personality'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 0, op: 'SCMP_CMP_EQ' }] },
    {
      names: ['clone'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: 2_114_060_288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    },
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
  ],
};

/** Goes through the commands that managers call most, for the config that `spec` writes. */
export async function rehearse(): Promise<void> {
  await loadParts();
  for (const line of COMMAND_LINES) parseCommandLine(line.split(' '));
  const example = defaultConfig();
  const whole = { ...example, annotations: { a: 'b' }, linux: { ...example.linux, seccomp: SECCOMP } };
  const text = new TextEncoder().encode(JSON.stringify(whole));
  const { config } = validateConfig(parseJson(text, 'config.json'));
  if (config.process !== undefined) config.process.terminal = false;
  const host = readHostFacts();
  const options = { id: 'id', bundle: '/b', noPivot: false, noNewKeyring: false, preserveFds: 0, listenFds: 0 };
  const plan = makePlan(config, host, options);
  rehearsePrograms(plan);
  const { process } = config;
  if (process !== undefined) {
    const { capabilities, rlimits } = process;
    rehearseExec(plan, planExec(process, host, { ...plan, ...options, defaults: { capabilities, rlimits } }));
  }
  if (plan.seccomp !== undefined) await rehearseSeccomp(plan.seccomp);
}

// What is loaded on demand, and often.
async function loadParts(): Promise<void> {
  await import('../cgroup/limits.ts');
  await import('../create/keep-exec.ts');
  await import('../bundle/process.ts');
}

function rehearsePrograms(plan: Plan): void {
  const placedCgroup = fileSystemDriver.place(plan.cgroup);
  const begun = { plan, placedCgroup, namespaces: [], cgroupFd: undefined, syncFd: SYNC, setupFd: PROGRAM };
  assembleScript(beginScript({ ...begun, sources: undefined }));
  const mountFacts = plan.mounts.map(() => ({ isDirectory: true, coveredMode: undefined }));
  const idMaps = new Map<number, number>();
  const inputs = { plan, placedCgroup, syncFd: SYNC, finalFd: PROGRAM, rootMountPoint: '/b', mountFacts, idMaps };
  assembleScript(setupScript({ ...inputs, sources: undefined }));
  const final = beginFinal({ plan, syncFd: SYNC, procFd: undefined });
  const rest = { plan, syncFd: SYNC, startFd: START, resultFd: RESULT, env: plan.process?.env ?? [] };
  assembleScript(endFinal(final, { ...rest, filter: undefined, procFd: undefined }));
  const record = recordOf(plan);
  JSON.parse(JSON.stringify(record));
  briefOf(record);
  stateDocument(record, 'created');
}

function rehearseExec(plan: Plan, execPlan: ReturnType<typeof planExec>): void {
  const flags = plan.namespaces.cloneFlags;
  const container = {
    pidfd: START,
    namespaceFlags: flags,
    rootFd: undefined,
    v1Cgroups: [],
    cgroupFd: undefined,
    resctrlTasks: [],
  };
  assembleScript(execScript({ plan: execPlan, env: [], container, syncFd: SYNC, filter: undefined }));
}

// Without libseccomp there's nothing to do.
async function rehearseSeccomp(plan: SeccompPlan): Promise<void> {
  const { SeccompExtra } = await import('../create/seccomp.ts');
  try {
    new SeccompExtra(plan, NO_FOLDER).makeFilter();
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
  }
}

/** Where no filters are kept. */
const NO_FOLDER = '/proc/self/nowhere';

function recordOf(plan: Plan): ContainerRecord {
  return {
    ociVersion: '1.3.0',
    id: plan.id,
    pid: 1,
    startTime: '1',
    creator: { pid: 1, startTime: '1' },
    bundle: plan.bundle,
    rootfs: plan.rootfs.path,
    created: new Date().toISOString(),
    owner: 0,
    annotations: {},
    cgroups: [],
    rootfsMount: undefined,
    containerPid: 1,
    executable: plan.process?.args[0],
    hooks: plan.hooks,
    execDefaults: { newKeyring: true, process: '{}' },
  };
}
