// What the driver asks of systemd, org.freedesktop.systemd1(5): the system's manager, or a user's own.

import type { BusValue } from '../../bindings/bus-message.ts';
import { readFileSync } from '../../bindings/file-system.ts';
import { type Arguments, Bus, BusError, hasLibsystemd, LIBSYSTEMD } from '../../bindings/libsystemd.ts';
import { RuntimeError, step, toRuntimeError } from '../errors.ts';
import type { Property } from './systemd-properties.ts';

const SERVICE = 'org.freedesktop.systemd1';
const PATH = '/org/freedesktop/systemd1';
const MANAGER = `${SERVICE}.Manager`;
const PROPERTIES = 'org.freedesktop.DBus.Properties';

const JOB_PATIENCE_MS = 60_000;

/** Whether this process has to ask its user's manager: the system's obeys the host's root only. */
export function asksUserManager(): boolean {
  if (process.getuid?.() !== 0) return true;
  return !/^\s*0\s+0\s+4294967295$/m.test(readFileSync('/proc/self/uid_map', 'latin1'));
}

/** A connection to a manager. */
export class Manager {
  readonly #bus: Bus;
  #hearsJobs = false;

  /** @throws RuntimeError if there is no libsystemd, or no manager answers */
  constructor({ isUser }: { isUser: boolean }) {
    if (!hasLibsystemd()) {
      const hint = 'install the package libsystemd0 (Debian, Ubuntu) or systemd-libs (Fedora)';
      throw new RuntimeError(`${LIBSYSTEMD} cannot be loaded, which --systemd-cgroup needs`, { hint });
    }
    this.#bus = step(`connect to the ${isUser ? "user's" : 'system'} bus`, () => connect(isUser));
  }

  close(): void {
    this.#bus.close();
  }

  /** The cgroup that all its units are below; empty for the root. */
  controlGroup(): string {
    return this.#get(PATH, MANAGER, 'ControlGroup').replace(/\/$/, '');
  }

  /** A unit's description; undefined if there's no such unit. */
  descriptionOf(unit: string): string | undefined {
    return unlessGone(() => {
      const path = this.#call(MANAGER, 'GetUnit', { signature: 's', values: [unit] }, 'o');
      return this.#get(String(path), `${SERVICE}.Unit`, 'Description');
    });
  }

  /** Starts a transient unit and waits until it is there. */
  start(unit: string, properties: Property[]): void {
    const values = [unit, 'fail', properties, []];
    this.#runJob('StartTransientUnit', { signature: 'ssa(sv)a(sa(sv))', values }, unit);
  }

  /** Stops a unit and waits until it is gone. One that does not exist is gone. */
  stop(unit: string): void {
    unlessGone(() => {
      this.#runJob('StopUnit', { signature: 'ss', values: [unit, 'replace'] }, unit);
      // One that has failed would stay to be looked at.
      this.#call(MANAGER, 'ResetFailedUnit', { signature: 's', values: [unit] });
    });
  }

  /** Sets properties until the next boot. When this returns, the manager has written them to the cgroup. */
  setProperties(unit: string, properties: Property[]): void {
    step(`SetUnitProperties ${unit}`, () => {
      const values = [unit, true, properties];
      this.#call(MANAGER, 'SetUnitProperties', { signature: 'sba(sv)', values });
      // Written before the manager reads its next message.
      this.controlGroup();
    });
  }

  /** Puts a process into the unit's cgroup. */
  attach(unit: string, pid: number): void {
    step(`AttachProcessesToUnit ${unit}`, () => {
      this.#call(MANAGER, 'AttachProcessesToUnit', { signature: 'ssau', values: [unit, '', [pid]] });
    });
  }

  #runJob(method: string, values: Arguments, unit: string): void {
    step(`${method} ${unit}`, () => {
      this.#hearJobs();
      const job = this.#call(MANAGER, method, values, 'o');
      const end = performance.now() + JOB_PATIENCE_MS;
      for (;;) {
        const options = { signature: 'uoss', patienceMs: end - performance.now() };
        const signal = this.#bus.nextSignal(MANAGER, 'JobRemoved', options);
        if (signal === undefined) throw new RuntimeError(`systemd has not done it in ${JOB_PATIENCE_MS / 1000} s`);
        const [, path, , result] = signal;
        if (path !== job) continue;
        if (result === 'done') return;
        throw new RuntimeError(`the job's result is ${JSON.stringify(result)}`, { hint: `journalctl --unit ${unit}` });
      }
    });
  }

  #hearJobs(): void {
    if (this.#hearsJobs) return;
    const rule = `type='signal',sender='${SERVICE}',path='${PATH}',interface='${MANAGER}',member='JobRemoved'`;
    const bus = 'org.freedesktop.DBus';
    const method = { service: bus, path: '/org/freedesktop/DBus', interface: bus, name: 'AddMatch' };
    inWords(() => this.#bus.call(method, { signature: 's', values: [rule] }));
    this.#hearsJobs = true;
  }

  #get(path: string, face: string, property: string): string {
    const method = { service: SERVICE, path, interface: PROPERTIES, name: 'Get' };
    return String(inWords(() => this.#bus.call(method, { signature: 'ss', values: [face, property] }, 'vs')));
  }

  #call(face: string, name: string, values: Arguments, result = ''): BusValue | undefined {
    return inWords(() => this.#bus.call({ service: SERVICE, path: PATH, interface: face, name }, values, result));
  }
}

function connect(isUser: boolean): Bus {
  try {
    return new Bus(isUser ? 'user' : 'system');
  } catch (error) {
    const known = toRuntimeError(error);
    if (known === undefined) throw error;
    const wanted = isUser
      ? "the user's systemd has to run, and XDG_RUNTIME_DIR to be set"
      : 'systemd and D-Bus have to run';
    throw new RuntimeError(known.reason, { hint: `${wanted} for --systemd-cgroup`, cause: error });
  }
}

const GONE = [`${SERVICE}.NoSuchUnit`, 'org.freedesktop.DBus.Error.UnknownObject'];

function inWords<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    throw new RuntimeError(`${error.text} (${error.errorName})`, { cause: error });
  }
}

function unlessGone<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    const { cause } = error instanceof RuntimeError ? error : {};
    if (cause instanceof BusError && GONE.includes(cause.errorName)) return undefined;
    throw error;
  }
}
