// What the runtime does for some configs only, while the container process waits for its next program. Code and work
// for each are loaded and done only if the config asks for it.
import type { PlacedCgroup } from '../cgroup/cgroup.ts';
import { prepareDevices } from '../cgroup/devices.ts';
import type { CgroupDriver } from '../cgroup/driver.ts';
import { warn } from '../log.ts';
import { hasLabels } from '../plan/labels.ts';
import type { Plan } from '../plan/plan.ts';
import type { ContainerRecord } from '../state/store.ts';
import type { Console } from './console.ts';
import type { SeccompExtra } from './seccomp.ts';
import type { UndoList } from './undo.ts';

type Action = (pid: number) => void;

export interface Extras {
  /** The process is in its namespaces; nothing else has been done there. */
  inNamespaces: Action[];
  /** All mounts and devices are there, and may have needed more than the container is to have. No hook has run. */
  mounted: Action[];
  /** The last program is on its way: what takes a moment costs nothing now. */
  meanwhile: Action[];
  /** The process waits for `start`, and its cgroup has its limits. */
  waiting: Action[];
  /** The container is created, or everything is taken back. */
  atEnd: Action[];
  seccomp: SeccompExtra | undefined;
  /** Gets the master of the container's terminal. */
  console?: Console;
}

export interface ExtrasContext {
  /** The state's folder. */
  root: string;
  driver: CgroupDriver;
  placed: PlacedCgroup[];
  /** What `delete` will have to take away is noted here. */
  record: ContainerRecord;
  undo: UndoList;
  /** Who is to get the master of the terminal. */
  consoleSocket?: string | undefined;
}

/**
 * Finds out what a plan needs beyond what all containers need. Nothing is changed yet.
 * @throws RuntimeError for what this host cannot do
 */
export async function loadExtras(
  plan: Plan,
  { root, driver, placed, record, undo, consoleSocket }: ExtrasContext,
): Promise<Extras> {
  const { process, netDevices, intelRdt, seccomp } = plan;
  const extras: Extras = { inNamespaces: [], mounted: [], meanwhile: [], waiting: [], atEnd: [], seccomp: undefined };
  if (process?.terminal !== undefined) {
    const { Console } = await import('./console.ts');
    extras.console = new Console(consoleSocket);
    process.terminal.size = extras.console.sizeOf(process.terminal);
  }
  const { uid = 0, terminal } = process ?? {};
  if (terminal === undefined && (uid !== 0 || plan.namespaces.isInUser)) {
    const { givePipes } = await import('./streams.ts');
    extras.waiting.push((pid) => givePipes(pid, uid));
  }
  if (intelRdt !== undefined) {
    const { addIntelRdt } = await import('./intel-rdt.ts');
    extras.inNamespaces.push(addIntelRdt(intelRdt, record, undo));
  }
  // Before the settings: there may be sysctls of these interfaces.
  if (netDevices.length > 0) {
    const { NetDevices } = await import('./net-devices.ts');
    const devices = new NetDevices(netDevices);
    extras.inNamespaces.push((pid) => {
      undo.add('move network interfaces back', () => devices.moveBack());
      devices.move(pid);
    });
    extras.atEnd.push(() => devices.close());
  }
  const { devices } = plan.cgroup;
  if (devices.length > 0) {
    if (driver.tellDevices !== undefined) extras.mounted.push(() => driver.tellDevices?.(devices));
    extras.mounted.push(await prepareDevices(placed, devices, { pointer: '/linux/resources', warn }));
  }
  // Late: with the least priority the set-up would take its time, and cgroup v1 has real-time limits.
  if (process?.scheduler !== undefined || process?.ioPriority !== undefined) {
    const { setScheduling } = await import('./scheduling.ts');
    extras.waiting.push((pid) => setScheduling(pid, process));
  }
  if (hasLabels(process) || plan.mountLabel !== undefined) {
    const { checkLabels } = await import('./labels.ts');
    checkLabels(process, plan.mountLabel);
  }
  if (process !== undefined && seccomp !== undefined) {
    const { SeccompExtra } = await import('./seccomp.ts');
    const extra = new SeccompExtra(seccomp, root);
    extras.seccomp = extra;
    extras.meanwhile.push(() => extra.keepFilter());
  }
  return extras;
}

/** Does what is to be done at one of the moments. */
export function actAll(actions: Action[], pid: number): void {
  for (const act of actions) act(pid);
}
