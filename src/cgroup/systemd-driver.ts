// The cgroup driver that asks systemd for a scope. systemd delegates the cgroup, so in there everything is done as by the
// file-system driver; systemd is told of the limits afterwards, and keeps them.
import { existsSync } from '../../bindings/file-system.ts';
import type { DeviceRule, Resources } from '../bundle/config.ts';
import { RuntimeError, StateError } from '../errors.ts';
import type { CgroupPlan } from '../plan/cgroup.ts';
import type { ContainerRecord } from '../state/store.ts';
import { type PlacedCgroup, placeCgroup, removeCgroup } from './cgroup.ts';
import type { CgroupDriver, LimitOptions } from './driver.ts';
import { fileSystemDriver } from './file-system-driver.ts';
import type { CgroupFolder } from './processes.ts';
import { deviceProperties } from './systemd-devices.ts';
import { Manager } from './systemd-manager.ts';
import { GROUPS, type Group, isAffected, type Mirror, type Property, propertiesOf } from './systemd-properties.ts';
import { FormerValues, readIfThere } from './write-files.ts';

export type Scope = NonNullable<ContainerRecord['scope']>;

/** What a scope is made of. */
export interface NewScope {
  slice: string;
  /** The cgroup, below the manager's own. */
  path: string;
  /** What the config asks for beyond the driver's own. */
  properties: Property[];
  /** Starts the process that is in there until the container process is. */
  startPlaceholder(): { pid: number; end(): void };
}

export class SystemdDriver implements CgroupDriver {
  readonly #manager: Manager;
  #placeholder: { end(): void } | undefined;
  #isMade = false;

  /** @param made what to make it of, for `make`; without it, the scope exists */
  constructor(
    readonly scope: Scope,
    private readonly made?: NewScope,
  ) {
    this.#manager = new Manager(scope);
  }

  place(plan: CgroupPlan): PlacedCgroup[] {
    const { unit } = this.scope;
    const description = this.#manager.descriptionOf(unit);
    if (description !== undefined) {
      const hint = 'choose another name in linux.cgroupsPath';
      throw new StateError(`the unit ${unit} exists already (${description})`, { hint });
    }
    return placeCgroup({ ...plan, path: `${this.#manager.controlGroup()}${this.made?.path}` });
  }

  async make(placed: PlacedCgroup[], plan: CgroupPlan): Promise<void> {
    if (this.made === undefined) throw new Error('this scope exists');
    const placeholder = this.made.startPlaceholder();
    this.#placeholder = placeholder;
    this.#manager.start(this.scope.unit, [
      ...propertiesOfScope(this.scope, this.made),
      ...(placed.some(({ hierarchy }) => hierarchy.controllers.includes('blkio')) ? ACCOUNTING : []),
      ['PIDs', ['au', [placeholder.pid]]],
    ]);
    this.#isMade = true;
    const v2 = placed.find(({ hierarchy }) => hierarchy.version === 2);
    if (placed.length === 1 && v2 !== undefined && !existsSync(v2.directory)) {
      throw new RuntimeError(`systemd has not made the cgroup at ${v2.directory}`);
    }
    await fileSystemDriver.make(placed, plan);
  }

  // cgroup-v2.rst, "Delegation Containment": who comes from outside of what is the user's can't enter by himself.
  get adopt(): ((pid: number) => void) | undefined {
    const { unit, isUser } = this.scope;
    return isUser ? (pid) => this.#manager.attach(unit, pid) : undefined;
  }

  entered(): void {
    this.#placeholder?.end();
    this.#placeholder = undefined;
  }

  tellDevices(rules: DeviceRule[]): void {
    this.#manager.setProperties(this.scope.unit, deviceProperties(rules));
  }

  async limit(placed: PlacedCgroup[], resources: Resources, options: LimitOptions): Promise<void> {
    // On cgroup v1 there is one list of devices: what systemd writes there is replaced.
    if (resources.devices !== undefined && resources.devices.length > 0) this.tellDevices(resources.devices);
    await fileSystemDriver.limit(placed, resources, options);
    const found = GROUPS.filter((group) => isAffected(group, resources)).flatMap((group) => locate(group, placed));
    const properties = found.flatMap(({ mirrors, read }) => propertiesOf(mirrors, read));
    if (properties.length === 0) return;
    // Of some values systemd keeps less than the kernel, or another one that belongs to them.
    const exact = new FormerValues();
    for (const { mirrors, directory } of found) for (const { file } of mirrors) exact.remember(`${directory}/${file}`);
    this.#manager.setProperties(this.scope.unit, properties);
    exact.setBack();
  }

  remove(folders: CgroupFolder[]): void {
    // Before it's made, another container's may be in its place.
    if (this.#isMade) removeCgroup(folders);
    this.stop();
  }

  /** Stops the scope, if it still is the one that was made for the container. */
  stop(): void {
    if (this.#manager.descriptionOf(this.scope.unit) === this.scope.description) this.#manager.stop(this.scope.unit);
  }

  /** Whether another scope has its name: what a `create` leaves that was killed before it could see that. */
  get isForeign(): boolean {
    const description = this.#manager.descriptionOf(this.scope.unit);
    return description !== undefined && description !== this.scope.description;
  }
}

/**
 * Removes the cgroup of a container and stops its scope. Where the manager is gone, so are its units.
 * @param folders its cgroup in each hierarchy
 * @param warn told of a manager that can't be reached
 */
export function removeScope(scope: Scope, folders: CgroupFolder[], warn: (message: string) => void): void {
  const driver = open(scope, warn);
  if (driver?.isForeign === true) return;
  removeCgroup(folders);
  driver?.stop();
}

function open(scope: Scope, warn: (message: string) => void): SystemdDriver | undefined {
  try {
    return new SystemdDriver(scope);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    warn(`stop ${scope.unit}: ${error.oneLine}`);
    return undefined;
  }
}

// cgroup v1: out of the hierarchies of which systemd thinks that nobody needs them for the unit it takes the processes,
// and without these it thinks so of blkio, delegated or not.
const ACCOUNTING = ['CPU', 'Memory', 'BlockIO', 'Tasks'].map((name): Property => [`${name}Accounting`, ['b', true]]);

function propertiesOfScope({ description }: Scope, { slice, properties }: NewScope): Property[] {
  return [
    ['Description', ['s', description]],
    ['Slice', ['s', slice]],
    // All controllers, and nobody else who changes anything below: systemd.resource-control(5).
    ['Delegate', ['b', true]],
    // At a shutdown whoever manages the containers ends them, in the order that is right for them.
    ['DefaultDependencies', ['b', false]],
    ['CollectMode', ['s', 'inactive-or-failed']],
    ...properties,
  ];
}

interface Located {
  mirrors: Mirror[];
  directory: string;
  read: (file: string) => string | undefined;
}

// A controller is in one hierarchy only.
function locate({ controller, v1, v2 }: Group, placed: PlacedCgroup[]): Located[] {
  const isThere = ({ isInherited }: PlacedCgroup) => isInherited !== true;
  const own = placed.filter(isThere);
  const first = own.find(({ hierarchy }) => hierarchy.controllers.includes(controller));
  const place = first ?? own.find(({ hierarchy }) => hierarchy.version === 2);
  if (place === undefined) return [];
  const { directory } = place;
  return [{ mirrors: first === undefined ? v2 : v1, directory, read: (file) => readIfThere(`${directory}/${file}`) }];
}
