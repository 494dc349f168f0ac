// The first of the container's three programs: from the runtime's namespaces into the container's. It's small, so that
// the kernel makes the namespaces while the runtime still builds the second (docs/architecture.md, "Three programs").
import * as K from '../../bindings/constants.ts';
import type { PlacedCgroup } from '../cgroup/cgroup.ts';
import { type Address, type Operand, slotAddress } from '../final/memory.ts';
import type { RowWords } from '../final/rows.ts';
import { Script } from '../final/script.ts';
import type { Plan } from '../plan/plan.ts';
import { resetAffinity } from './execution.ts';
import { joinNamespaces, makeNamespaces, type OpenNamespace } from './namespaces.ts';
import { openSources, type SourceNumbers, type SourceOptions } from './sources.ts';
import { asTraceable, forbidTracing } from './tracing.ts';

export interface BeginInputs {
  plan: Plan;
  namespaces: OpenNamespace[];
  placedCgroup: PlacedCgroup[];
  /** The v2 cgroup's folder: the process is born in there. */
  cgroupFd: number | undefined;
  syncFd: number;
  /** Whether it waits for a byte first: it may have to be put where it can enter its cgroup. */
  waits?: boolean;
  /** The memfd of the second program. */
  setupFd: number;
  /** What is opened for the root of a user namespace; undefined: it opens all by itself. */
  sources: (SourceOptions & { numbers: SourceNumbers }) | undefined;
}

/** Builds the program. */
export function beginScript(inputs: BeginInputs): Script {
  const { plan, syncFd, namespaces, cgroupFd } = inputs;
  const script = new Script(syncFd);
  if (inputs.waits === true) script.program.waitByte(syncFd);
  forbidTracing(script);
  joinV1Cgroups(script, v1Directories(inputs.placedCgroup));
  const entersV2 = cgroupFd !== undefined && namespaces.some(({ type }) => type === 'cgroup');
  if (entersV2) joinV2Cgroup(script, cgroupFd);
  // Whoever has joined the user namespace can't open the sources any more: another one does the joining.
  const joinsUser = namespaces.some(({ type }) => type === 'user');
  if (inputs.sources !== undefined && joinsUser) forkJoiner(script, plan, inputs.sources);
  joinNamespaces(script, namespaces);
  makeContainerProcess(script, entersV2 ? { ...inputs, cgroupFd: undefined } : inputs);
  for (const { fd } of namespaces) script.call('close', [fd]);
  if (cgroupFd !== undefined) script.call('close', [cgroupFd]);
  dieWithRuntime(script);
  resetAffinity(script);
  // Already a session leader (EPERM): as well.
  script.call('setsid', [], { ignore: true });
  // Modes of what is made don't depend on the caller's mask, which is put back later.
  script.call('umask', [0]);
  if (plan.namespaces.newUser) asTraceable(script, plan, () => script.ask({ type: 'mapIds' }));
  if (plan.namespaces.isInUser) becomeRoot(script);
  makeNamespaces(script, plan.namespaces);
  script.ask({ type: 'setup' });
  become(script, inputs.setupFd, 'runts-init');
  script.finish();
  return script;
}

// Before the container process is made from this one: moving oneself costs nothing, while moving another process makes
// the kernel wait for all CPUs (5 to 10 ms). v2: clone3(2) puts the child there.
export function joinV1Cgroups(script: Script, directories: string[]): void {
  if (directories.length === 0) return;
  const rows: RowWords[] = [];
  for (const directory of directories) rows.push([script.string(`${directory}/tasks`)]);
  const path = (row: number) => `${directories[row]}/tasks`;
  const tasks = script.slot();
  script.forEach(rows, (row) => {
    script.begin((of) => `join cgroup ${directories[of]}`);
    script.call('openat', [K.AT_FDCWD, row.word(0), K.O_WRONLY | K.O_CLOEXEC, 0], { path, save: tasks });
    script.call('write', [tasks, script.string('0'), 1], { path });
    script.release(tasks);
    script.end();
  });
}

// From within another cgroup namespace no process can be put into a cgroup outside of it (cgroup-v2.rst, "Delegation
// Containment"): before that is joined, at the price that others don't have to pay.
function joinV2Cgroup(script: Script, cgroupFd: number): void {
  script.within('join the v2 cgroup', () => {
    const procs = script.slot();
    const path = 'cgroup.procs';
    script.call('openat', [cgroupFd, script.string(path), K.O_WRONLY | K.O_CLOEXEC, 0], { path, save: procs });
    script.call('write', [procs, script.string('0'), 1], { path });
    script.call('close', [procs]);
  });
}

function v1Directories(placed: PlacedCgroup[]): string[] {
  return placed
    .filter(({ hierarchy, isInherited }) => hierarchy.version === 1 && isInherited !== true)
    .map(({ directory }) => directory);
}

const CLONE_ARGS_SIZE = 88;

// CLONE_PARENT: the container process is a child of the runtime. What has made it ends at once; with sources to open,
// it shares its descriptors with the container process until then. The runtime waits for its end.
function makeContainerProcess(script: Script, { plan, cgroupFd, namespaces, sources }: BeginInputs): void {
  const flags = plan.namespaces.cloneFlags + K.CLONE_PARENT;
  script.within('create the container process', () => {
    if (sources === undefined) {
      forkInto(script, flags, cgroupFd);
      return;
    }
    const { numbers } = sources;
    const pidfd = script.slot();
    const args = cloneArguments(script, flags + SHARED, { cgroupFd, pidfd: slotAddress(pidfd) });
    const joinsUser = namespaces.some(({ type }) => type === 'user');
    script.fork(args, () => {
      script.call('dup3', [pidfd, numbers.process, 0]);
      if (!joinsUser) openSources(script, plan, numbers, sources);
    });
  });
}

const SHARED = K.CLONE_FILES + K.CLONE_PIDFD;

// The child goes on. The parent waits for its end, when it has made the container process, and opens the sources.
function forkJoiner(script: Script, plan: Plan, sources: NonNullable<BeginInputs['sources']>): void {
  const [pid, joiner] = [script.slot(), script.newLabel()];
  // struct pollfd, poll(2): the kernel writes the child's pidfd into it.
  const poll = script.program.writableBytes(new Uint8Array(new Uint32Array([0, K.POLLIN]).buffer));
  script.call('clone3', cloneArguments(script, K.CLONE_PARENT + SHARED, { pidfd: poll }), { save: pid });
  script.program.ifZero(pid, joiner);
  script.call('ppoll', [poll, 1, 0, 0, 0]);
  openSources(script, plan, sources.numbers, sources);
  script.program.exit(0);
  script.label(joiner);
}

/** clone3(2), the child in a v2 cgroup if one is given. */
export function forkInto(script: Script, flags: number, cgroupFd: number | undefined): void {
  script.fork(cloneArguments(script, flags, { cgroupFd }));
}

interface CloneOptions {
  cgroupFd?: number | undefined;
  /** Where the kernel writes a descriptor of the child. */
  pidfd?: Address;
}

function cloneArguments(script: Script, flags: number, { cgroupFd, pidfd }: CloneOptions): Operand[] {
  const allFlags = flags + (cgroupFd === undefined ? 0 : K.CLONE_INTO_CGROUP);
  const words = [allFlags, pidfd ?? 0, 0, 0, 0, 0, 0, 0, 0, 0, cgroupFd ?? 0];
  return [script.program.pointers(words), CLONE_ARGS_SIZE];
}

/** A process that is not ready when the runtime ends is of no use: prctl(2), PR_SET_PDEATHSIG. */
export function dieWithRuntime(script: Script): void {
  script.call('prctl', [K.PR_SET_PDEATHSIG, K.SIGKILL, 0, 0, 0]);
}

/** Takes the ids of the user namespace's root, and no groups. */
export function takeRootIds(script: Script): void {
  script.within('become root in the user namespace', () => {
    script.call('setresgid', [0, 0, 0]);
    script.call('setresuid', [0, 0, 0]);
    // Refused where setgroups is denied, user_namespaces(7); then there is nothing to leave behind.
    script.call('setgroups', [0, 0], { ignore: true });
  });
}

/** The same, for a process that is not to outlive the runtime. */
export function becomeRoot(script: Script): void {
  takeRootIds(script);
  // Changing ids takes the parent-death signal away.
  dieWithRuntime(script);
}

/** execveat(2): goes on as the program in a memfd, which is closed by that. */
export function become(script: Script, programFd: number, name: string): void {
  const [argv, envp] = [script.program.stringArray([name]), script.program.stringArray([])];
  script.begin(`go on as ${name}`);
  script.call('fcntl', [programFd, K.F_SETFD, 1]);
  script.call('execveat', [programFd, script.string(''), argv, envp, K.AT_EMPTY_PATH]);
  script.end();
}
