// Starts the container's init program, with what it needs to have looked up on the host.

import * as K from '../../bindings/constants.ts';
import { closeSync, openSync } from '../../bindings/file-system.ts';
import { memfdProgram, openToExecute } from '../../bindings/files.ts';
import { namespaceFlag } from '../../bindings/process.ts';
import { fstatSync, statSync } from '../../bindings/stat.ts';
import { NAMESPACE_TYPES } from '../bundle/config.ts';
import type { PlacedCgroup } from '../cgroup/cgroup.ts';
import { RuntimeError, step } from '../errors.ts';
import type { Script } from '../final/script.ts';
import { beginScript } from '../init/begin.ts';
import { makedev } from '../init/devices.ts';
import { beginFinal, endFinal } from '../init/final.ts';
import type { MountFacts } from '../init/mounts.ts';
import type { OpenNamespace } from '../init/namespaces.ts';
import { needsHostProc, setupScript } from '../init/setup.ts';
import { type SourceFacts, sourceNumbers } from '../init/sources.ts';
import { hasLabels } from '../plan/labels.ts';
import type { MountPlan } from '../plan/mounts.ts';
import { type JoinedNamespace, NAMESPACE_FLAG } from '../plan/namespaces.ts';
import type { Plan } from '../plan/plan.ts';
import { fillWithScript, spawnScript } from '../spawn.ts';
import { closedFolders } from './closed-folders.ts';
import { openPath } from './container-paths.ts';
import { openIdMaps } from './id-mapped.ts';
import { outsideSources } from './outside-sources.ts';

export interface LaunchInputs {
  plan: Plan;
  placedCgroup: PlacedCgroup[];
  syncFd: number;
  /** Whether the first program waits for a byte before it enters its cgroup. */
  waits?: boolean;
  startFd: number;
  resultFd: number;
  rootMountPoint: string;
  /** Makes the seccomp filter. */
  makeFilter: (() => Uint8Array) | undefined;
}

/** The container's programs on their way. */
export interface Launched {
  /** The program that runs now: what its reports mean. */
  script: Script;
  /** The process that makes the container process, and ends then. */
  starterPid: number;
  /** Builds what can be built of the third program yet. */
  beginFinal(): void;
  /** Makes it ready, now that the environment is known. */
  prepareFinal(env: string[]): void;
  /** Note that the next program runs now. */
  advance(): void;
}

/**
 * Starts the container's first program. The others are built while it runs: they're not needed sooner, and the kernel
 * takes its time to make namespaces.
 */
export function launch(inputs: LaunchInputs): Launched {
  const { plan, placedCgroup, syncFd, startFd, resultFd } = inputs;
  if (plan.rootfs.maskedPaths.length > 0) checkNull();
  const mountFacts = lookUpMounts(plan);
  const namespaces = openNamespaces(plan.namespaces.joined);
  const v2 = placedCgroup.find(({ hierarchy, isInherited }) => hierarchy.version === 2 && isInherited !== true);
  const cgroupFd = v2 && step(`open cgroup ${v2.directory}`, () => openSync(v2.directory, 'r'));
  const [setupFd, finalFd] = [memfdProgram('runts-init'), memfdProgram('runts-init')];
  // What is in the container can execute its programs, but not write them.
  const [setupPathFd, finalPathFd] = [openToExecute(setupFd), openToExecute(finalFd)];
  const idMaps = openIdMaps(plan);
  const procFd =
    needsHostProc(plan) || hasLabels(plan.process) ? openSync('/proc', K.O_PATH | K.O_DIRECTORY) : undefined;
  const own = [
    setupPathFd,
    finalPathFd,
    ...namespaces.map(({ fd }) => fd),
    ...[cgroupFd, procFd].filter((fd) => fd !== undefined),
    ...new Set(idMaps.values()),
  ];
  const inherit = [syncFd, startFd, resultFd, ...own];
  const first = Math.max(...inherit) + ROOM;
  const numbers = plan.opensSources ? sourceNumbers(plan, first, sourceFacts(plan)) : undefined;
  const sources = numbers && { numbers, idMaps, rootMountPoint: inputs.rootMountPoint };
  const begin = beginScript({
    plan,
    namespaces,
    placedCgroup,
    cgroupFd,
    syncFd,
    waits: inputs.waits === true,
    setupFd: setupPathFd,
    sources,
  });
  const options = { name: 'runts-init', inherit, firstOwn: 3 + plan.preserveFds };
  const starterPid = step('start the init program', () => spawnScript(begin, options));
  for (const fd of own) closeSync(fd);
  const setup = setupScript({ ...inputs, finalFd: finalPathFd, mountFacts, sources: numbers, idMaps, procFd });
  fillWithScript(setupFd, setup);
  closeSync(setupFd);
  const scripts = [begin, setup];
  let final: Script | undefined;
  return {
    script: begin,
    starterPid,
    beginFinal() {
      final = beginFinal({ plan, syncFd, procFd });
      scripts.push(final);
    },
    prepareFinal(env) {
      if (final === undefined) throw new Error('protocol: the third program is not begun');
      const filter = inputs.makeFilter?.();
      endFinal(final, { ...inputs, env, procFd, filter });
      fillWithScript(finalFd, final);
      closeSync(finalFd);
    },
    advance() {
      this.script = scripts[scripts.indexOf(this.script) + 1] ?? this.script;
    },
  };
}

function sourceFacts(plan: Plan): SourceFacts {
  return { outside: outsideSources(plan), closed: closedFolders(plan) };
}

// Descriptors that the first program opens for a moment come to lie below the numbers of those that stay.
const ROOM = 16;

// Masked files are covered with the host's /dev/null.
function checkNull(): void {
  const stat = statSync('/dev/null');
  if (stat.isCharacterDevice() && stat.rdev === makedev(1, 3)) return;
  throw new RuntimeError("the host's /dev/null is not the null device (1:3)");
}

function lookUpMounts({ mounts, rootfs }: Plan): MountFacts[] {
  const rootFd = step(`/root/path ${rootfs.path}`, () => openSync(rootfs.path, K.O_PATH | K.O_DIRECTORY));
  const facts = mounts.map((mount) => step(`mount ${mount.label}`, () => lookUpMount(mount, rootFd)));
  closeSync(rootFd);
  return facts;
}

function lookUpMount({ kind, type, source, data, destination }: MountPlan, rootFd: number): MountFacts {
  if (kind === 'bind') return { isDirectory: statSync(source).isDirectory(), coveredMode: undefined };
  const wantsMode = type === 'tmpfs' && kind === 'filesystem' && !data.some((option) => option.startsWith('mode='));
  return { isDirectory: true, coveredMode: wantsMode ? modeOf(rootFd, destination) : undefined };
}

// A tmpfs over an existing directory looks like that directory, unless the config says otherwise.
function modeOf(rootFd: number, path: string): number | undefined {
  const fd = openPath(rootFd, path);
  if (fd === undefined) return undefined;
  const mode = fstatSync(fd).mode & 0o7777;
  closeSync(fd);
  return mode;
}

// Opens the namespaces to join and checks that each is of its kind, before anything is changed.
function openNamespaces(joined: JoinedNamespace[]): OpenNamespace[] {
  return joined.map((namespace) =>
    step(`${namespace.pointer}/path ${namespace.path}`, () => {
      const fd = openSync(namespace.path, K.O_RDONLY | K.O_NONBLOCK);
      checkKind(fd, namespace);
      return { ...namespace, fd };
    }),
  );
}

function checkKind(fd: number, { type }: JoinedNamespace): void {
  const flag = namespaceFlag(fd);
  if (flag === NAMESPACE_FLAG[type]) return;
  const found = NAMESPACE_TYPES.find((other) => NAMESPACE_FLAG[other] === flag);
  throw new RuntimeError(`is ${found === undefined ? 'no' : `a ${found}`} namespace, not one of type ${type}`);
}
