// What a cgroup driver has to do. The file-system driver (cgroup.ts) makes folders itself; another asks somebody else for
// them, as systemd wants it.
import type { DeviceRule, Resources } from '../bundle/config.ts';
import type { CgroupPlan } from '../plan/cgroup.ts';
import type { ContainerRecord } from '../state/store.ts';
import type { PlacedCgroup } from './cgroup.ts';
import type { CgroupFolder } from './processes.ts';

/** How the cgroup of a container is made, limited and removed, in this order. */
export interface CgroupDriver {
  /** What `delete` has to know of it, for state.json. */
  readonly scope?: ContainerRecord['scope'];

  /** The folders that the cgroup is going to have, one in each hierarchy. They go into state.json before they are made. */
  place(plan: CgroupPlan): PlacedCgroup[];

  /**
   * Makes the cgroup, before there is a process for it. The container's first program enters the v1 folders by itself,
   * and is born in the v2 folder.
   */
  make(placed: PlacedCgroup[], plan: CgroupPlan): Promise<void>;

  /**
   * Puts a process of the runtime's in there, which will enter the v1 folders and make the container process: for a
   * driver whose user may not do that.
   */
  adopt?: ((pid: number) => void) | undefined;

  /** Called when the container process is in there, or never will be: a driver may have needed another one for `make`. */
  entered?(): void;

  /** For a driver that has to tell somebody of device rules: called before they are set. */
  tellDevices?(rules: DeviceRule[]): void;

  /**
   * Sets limits: when the container's last program waits for `start`, and again for `update`. Properties that are not
   * set leave what is there.
   * @throws RuntimeError that names the property
   */
  limit(placed: PlacedCgroup[], resources: Resources, options: LimitOptions): Promise<void>;

  /** Removes the cgroup, ending what still runs in it. What is gone already is no error. */
  remove(folders: CgroupFolder[]): void;
}

export interface LimitOptions {
  /** The JSON pointer of the resources object: `/linux/resources` in a config, empty in a file for `update`. */
  pointer: string;
  /** Told what may be left out. */
  warn: (message: string) => void;
  /** When a property can't be set, the others get back the values that they had. */
  setsBack?: boolean;
}
