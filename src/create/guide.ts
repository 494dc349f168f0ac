// The runtime's side while the init program sets the container up: answers what it asks, until it is ready.

import { errnoName } from '../../bindings/constants.ts';
import { closeSync, writeFileSync } from '../../bindings/file-system.ts';
import { type ExitStatus, peekEnd, wait } from '../../bindings/process.ts';
import { HookError, type RuntimeError, step } from '../errors.ts';
import { executionError } from '../execution-error.ts';
import { stepError } from '../final/steps.ts';
import { runCreateContainerHooks, runHooks } from '../hooks.ts';
import type { CallerSettings } from '../init/hook.ts';
import type { Plan } from '../plan/plan.ts';
import { answer, awaitWord, type EventMessage, hasWord, receive, Sequence } from '../protocol.ts';
import { stateDocument } from '../state/document.ts';
import type { ContainerRecord } from '../state/store.ts';
import type { Owner } from './as-owner.ts';
import { checkDevice, makePath, openPath } from './container-paths.ts';
import { copyTree } from './copy-up.ts';
import { death, deathError } from './ends.ts';
import { actAll, type Extras } from './extras.ts';
import { homeDirectory } from './home.ts';
import { hostOwner, writeIdMaps } from './id-maps.ts';
import type { Launched } from './launch.ts';

export interface Guided {
  plan: Plan;
  record: ContainerRecord;
  settings: CallerSettings;
  launched: Launched;
  parentFd: number;
  extras: Extras;
  /** Called once the container process exists and has been told to go on. */
  onStarted: () => void;
}

/**
 * Serves the init program until it is ready.
 * @throws RuntimeError with what failed in there, or how the process died; HookError
 */
export function guide(guided: Guided): void {
  const server = new Server(guided);
  try {
    while (!server.isReady) server.serve();
  } catch (error) {
    throw server.causeOf(error);
  } finally {
    server.close();
  }
}

class Server {
  isReady = false;
  #rootFd = -1;
  #copySourceFd = -1;
  #explanation = '';
  readonly #sequence = new Sequence();
  readonly #early: EventMessage[] = [];
  #owner: Owner | undefined;

  constructor(readonly guided: Guided) {}

  close(): void {
    if (this.#rootFd >= 0) closeSync(this.#rootFd);
    if (this.#copySourceFd >= 0) closeSync(this.#copySourceFd);
  }

  serve(): void {
    const { launched, parentFd, record } = this.guided;
    if (record.pid === 0 && !awaitWord(parentFd, launched.starterPid)) throw death(launched.starterPid);
    const message = receive(parentFd, launched.script);
    if (message === undefined) throw death(record.pid === 0 ? launched.starterPid : record.pid);
    if (message.kind === 'explanation') this.#explanation = message.text;
    else if (message.kind === 'failure') {
      throw this.#failure(message.step, errnoName(message.errno));
    } else this.#event(message);
  }

  // A process that is killed leaves questions half asked, and nothing where others look for it: that's not the cause.
  causeOf(error: unknown): unknown {
    const { record, launched } = this.guided;
    const ended = peekEnd(record.pid === 0 ? launched.starterPid : record.pid, { block: false });
    const isCause = ended !== undefined && ended.signal !== 0 && !(error instanceof HookError);
    return isCause ? deathError(ended) : error;
  }

  #failure(number: number, errno: string): RuntimeError {
    const { launched, plan } = this.guided;
    const failed = launched.script.stepAt(number);
    const isLook = failed?.kind === 'call' && failed.name === 'faccessat2';
    if (isLook) return executionError(plan.process?.args[0] ?? '', errno, failed.name);
    return stepError(launched.script, number, errno, this.#explanation);
  }

  #event(message: EventMessage): void {
    this.#sequence.accept(message);
    if (message.event.type === 'started') this.#started(message.pid);
    else if (message.event.type === 'root') this.#rootFd = message.fd ?? -1;
    else if (message.event.type === 'listener') this.#handOver(message.fd ?? -1);
    else if (message.event.type === 'terminal') this.guided.extras.console?.receive(message.fd ?? -1);
    // The container process may be faster than the one that made it.
    else if (this.guided.record.pid === 0) this.#early.push(message);
    else this.#answer(message);
  }

  #started(pid: number): void {
    const { launched, record } = this.guided;
    record.pid = pid;
    const starter = wait(launched.starterPid, { block: true });
    // What it has opened for the container process is missing.
    if (starter !== undefined && starter.code !== 0) this.#throwFailure(starter);
    if (!this.#isClosed()) this.#setOomScore();
    for (const message of this.#early) this.#answer(message);
  }

  // Until it asks for its maps, a user's process can't be written to by that user: init/tracing.ts.
  #isClosed(): boolean {
    const { isRootless, namespaces } = this.guided.plan;
    return isRootless && namespaces.newUser;
  }

  #mapIds(): void {
    const { plan, record } = this.guided;
    if (this.#isClosed()) this.#setOomScore();
    writeIdMaps(record.pid, plan.namespaces);
  }

  #setOomScore(): void {
    const { plan, record } = this.guided;
    const score = plan.process?.oomScoreAdj;
    if (score === undefined) return;
    step('/process/oomScoreAdj', () => writeFileSync(`/proc/${record.pid}/oom_score_adj`, String(score)));
  }

  // Its report is behind what the container process has said meanwhile, which lives on and waits. Was it killed, there's
  // none.
  #throwFailure(starter: ExitStatus): never {
    const { launched, parentFd } = this.guided;
    while (hasWord(parentFd)) {
      const message = receive(parentFd, launched.script);
      if (message === undefined) break;
      if (message.kind === 'failure') throw stepError(launched.script, message.step, errnoName(message.errno));
    }
    throw deathError(starter);
  }

  #answer({ event, doing }: EventMessage): void {
    const { record, launched, extras, onStarted } = this.guided;
    if (event.type === 'ready') {
      this.isReady = true;
      return;
    }
    if (event.type === 'mapIds') this.#mapIds();
    else if (event.type === 'timeOffsets') this.#writeTimeOffsets();
    else if (event.type === 'makePath') this.#makePath(event, doing);
    else if (event.type === 'copyUpFrom') this.#copySourceFd = openPath(this.#rootFd, event.path) ?? -1;
    else if (event.type === 'copyUpTo') this.#copyUp(event.path, doing);
    else if (event.type === 'checkDevice') this.#checkDevice(event.index);
    else if (event.type === 'mounted' && this.#hasHooks()) this.#mounted();
    else if (event.type === 'connectAgent') extras.seccomp?.connectAgent();
    else if (event.type === 'setup') actAll(extras.inNamespaces, record.pid);
    if (event.type === 'setup' || event.type === 'final') launched.advance();
    // After the hooks, and before the root becomes read-only: reading a file may change its atime, and EBUSY says so then.
    const environment = event.type === 'mounted' ? this.#environment() : [];
    this.#letGoOn();
    // The process ends with the runtime until it's ready: there's time to save its pid while it works.
    if (event.type === 'setup') {
      onStarted();
      launched.beginFinal();
    }
    if (event.type === 'final') actAll(extras.meanwhile, record.pid);
    // While the container process does its last steps.
    if (event.type === 'mounted') {
      if (!this.#hasHooks()) this.#mounted();
      launched.prepareFinal(environment);
    }
  }

  #letGoOn(): void {
    if (!answer(this.guided.parentFd)) throw death(this.guided.record.pid);
  }

  #writeTimeOffsets(): void {
    const { plan, record } = this.guided;
    for (const [clock, { secs, nanosecs }] of Object.entries(plan.namespaces.timeOffsets)) {
      step(`/linux/timeOffsets/${clock}`, () => {
        writeFileSync(`/proc/${record.pid}/timens_offsets`, `${clock} ${secs} ${nanosecs}`);
      });
    }
  }

  #makePath({ path, entry }: { path: string; entry: 'directory' | 'file' }, doing: string[]): void {
    const names = [...doing, `make ${path} in the container`];
    const owner = this.#ownerOfNew();
    step(names.join(': '), () => makePath(this.#rootFd, path, entry, owner));
  }

  #ownerOfNew(): Owner {
    const { plan, record } = this.guided;
    this.#owner ??= hostOwner(record.pid, plan.namespaces);
    return this.#owner;
  }

  #copyUp(path: string, doing: string[]): void {
    if (this.#copySourceFd < 0) return;
    step([...doing, 'tmpcopyup'].join(': '), () => {
      const targetFd = openPath(this.#rootFd, path) ?? -1;
      copyTree(this.#copySourceFd, targetFd, this.#ownerOfNew());
      closeSync(targetFd);
    });
    closeSync(this.#copySourceFd);
    this.#copySourceFd = -1;
  }

  #checkDevice(index: number): void {
    const device = this.guided.plan.devices.nodes[index];
    if (device === undefined) throw new Error(`protocol: there is no device ${index}`);
    step(device.label, () => checkDevice(this.#rootFd, device));
  }

  #hasHooks(): boolean {
    const { prestart = [], createRuntime = [], createContainer = [] } = this.guided.plan.hooks;
    return prestart.length + createRuntime.length + createContainer.length > 0;
  }

  // Device rules come after the mounts, which may need more; before the hooks, which may add some. Without hooks, the
  // container process needn't wait for that.
  #mounted(): void {
    const { plan, record, settings, extras } = this.guided;
    actAll(extras.mounted, record.pid);
    if (!this.#hasHooks()) return;
    // runtime.md, State: "created" from the end of step 2 on; these hooks are steps 3 to 5.
    const state = stateDocument(record, 'created');
    runHooks('prestart', plan.hooks.prestart ?? [], state, settings);
    runHooks('createRuntime', plan.hooks.createRuntime ?? [], state, settings);
    runCreateContainerHooks(record, state, settings);
  }

  #handOver(listenerFd: number): void {
    const { extras, record } = this.guided;
    extras.seccomp?.handOver(listenerFd, { record, pid: record.pid, status: 'creating' });
    this.#letGoOn();
  }

  #environment(): string[] {
    const { process } = this.guided.plan;
    if (process === undefined) return [];
    if (!process.needsHome) return process.env;
    return [...process.env, `HOME=${homeDirectory(this.#rootFd, process.uid)}`];
  }
}
