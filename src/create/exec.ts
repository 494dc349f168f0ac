// `exec`, the runtime's side: starts the program that goes into the container, answers it, and hears whether it has
// become the user's program.

import { errnoName, O_PATH, SIGKILL } from '../../bindings/constants.ts';
import { closeSync, openSync } from '../../bindings/file-system.ts';
import { socketpair } from '../../bindings/files.ts';
import { type ExitStatus, kill, peekEnd, wait } from '../../bindings/process.ts';
import { RuntimeError } from '../errors.ts';
import { executionError } from '../execution-error.ts';
import type { Event } from '../final/event.ts';
import type { Script } from '../final/script.ts';
import { stepError } from '../final/steps.ts';
import { execScript, JOIN_CGROUP } from '../init/exec.ts';
import type { ExecPlan } from '../plan/exec.ts';
import { answer, awaitWord, type Message, receive } from '../protocol.ts';
import { assembleScript, spawnAssembled } from '../spawn.ts';
import { hasEnded, lifeOf } from '../state/status.ts';
import type { ContainerRecord } from '../state/store.ts';
import type { Console } from './console.ts';
import { endAll, untold } from './ends.ts';
import { cgroupsOfInit, chosenCgroups } from './exec-cgroups.ts';
import { type ExecPlace, openPlace, stoppedError } from './exec-place.ts';
import { homeDirectory } from './home.ts';
import type { SeccompExtra } from './seccomp.ts';

export interface ExecInputs {
  plan: ExecPlan;
  record: ContainerRecord;
  /** Cgroups below the container's. */
  cgroups: string[];
  console: Console | undefined;
  /** Sets the scheduling of the process. */
  schedule: ((pid: number) => void) | undefined;
  seccomp: SeccompExtra | undefined;
  /** Puts a process where it can enter the container's cgroup. */
  adopt: ((pid: number) => void) | undefined;
}

/** A process that was executed in a container. */
export interface Execution {
  /** Its pid, a child of this process. */
  pid: number;
  /** How it got there; nothing if that depends on where others are at that moment. */
  way: ExecWay | undefined;
}

/** A program that brings a process into a container. */
export interface ExecWay {
  program: Uint8Array;
  /** The number of the event that tells the pid of the last process. */
  lastStart: number;
  hasFilter: boolean;
  /** The numbers of its descriptors, which are closed by now, and the flags of the namespaces that it joins. */
  syncFd: number;
  place: Pick<ExecPlace, 'pidfd' | 'rootFd' | 'cgroupFd' | 'v2Cgroup' | 'namespaceFlags'>;
}

/**
 * Executes a process in a container.
 * @throws StateError if the container has ended; RuntimeError if the process can't be made or its program not executed
 */
export function execute(inputs: ExecInputs): Execution {
  const { record } = inputs;
  const cgroups = chosenCgroups(record, inputs.cgroups);
  try {
    return enter(inputs, cgroups);
  } catch (error) {
    if (hasEnded(record)) throw stoppedError();
    // Cgroup v2: the container has moved its processes further down.
    const isOccupied = error instanceof RuntimeError && error.steps[0] === JOIN_CGROUP && error.errno === 'EBUSY';
    if (!isOccupied || inputs.cgroups.length > 0) throw error;
    return { ...enter(inputs, cgroupsOfInit(record, cgroups)), way: undefined };
  }
}

function enter(inputs: ExecInputs, cgroups: string[]): Execution {
  const { plan, record, adopt } = inputs;
  const place = openPlace(record, cgroups);
  const [parentFd, syncFd] = socketpair();
  try {
    const env = environment(plan, record);
    const filter = inputs.seccomp?.makeFilter();
    const script = execScript({ plan, env, container: place, syncFd, waits: adopt !== undefined, filter });
    const inherit = [syncFd, ...descriptorsOf(place)];
    const program = assembleScript(script);
    const starterPid = spawnAssembled(program, { name: 'runts-exec', inherit, firstOwn: 3 + plan.preserveFds });
    closeSync(syncFd);
    if (adopt !== undefined) {
      adopt(starterPid);
      // Has it ended, nothing more is heard.
      answer(parentFd);
    }
    inputs.seccomp?.keepFilter();
    const conversation = new Conversation(inputs, { script, parentFd });
    const pid = conversation.follow(starterPid);
    const { lastStart } = conversation;
    return { pid, way: { program, lastStart, hasFilter: filter !== undefined, syncFd, place } };
  } finally {
    closeSync(parentFd);
    place.close();
  }
}

function descriptorsOf({ pidfd, rootFd, cgroupFd }: ExecPlace): number[] {
  return [pidfd, rootFd, cgroupFd].filter((fd) => fd !== undefined);
}

function environment({ process }: ExecPlan, { pid }: ContainerRecord): string[] {
  if (!process.needsHome) return process.env;
  const rootFd = openSync(`/proc/${pid}/root`, O_PATH);
  try {
    return [...process.env, `HOME=${homeDirectory(rootFd, process.uid)}`];
  } finally {
    closeSync(rootFd);
  }
}

/** What the program and the runtime have to say to each other. */
export class Conversation {
  readonly #inputs: ExecInputs;
  readonly #script: Script;
  readonly #parentFd: number;
  /** The script's forks, one after the other: the last process becomes the user's program. */
  readonly #forks: Event[];
  /** What the last process waits for. */
  #asked: (Message & { kind: 'event' }) | undefined;
  #failure: RuntimeError | undefined;

  constructor(inputs: ExecInputs, { script, parentFd }: { script: Script; parentFd: number }) {
    this.#inputs = inputs;
    this.#script = script;
    this.#parentFd = parentFd;
    this.#forks = [];
    for (const step of script.steps) {
      if (step?.kind !== 'event' || typeof step.event === 'function') continue;
      if (step.event.type === 'started') this.#forks.push(step.event);
    }
  }

  /** The number of the last of the forks. */
  get lastStart(): number {
    const last = this.#forks.at(-1);
    return this.#script.steps.findIndex((step) => step?.kind === 'event' && step.event === last);
  }

  /** Answers until the program has become the user's, or ended. Returns the pid of its last process. */
  follow(starterPid: number): number {
    const pids: [number, ...(number | undefined)[]] = [starterPid];
    const last = this.#forks.length;
    // Also after a failure: a process may be faster than the one that tells its pid.
    for (let message = this.#next(pids); message !== undefined; message = this.#next(pids)) {
      if (message.kind === 'failure') this.#failure ??= this.#errorOf(message.step, errnoName(message.errno));
      else if (message.kind === 'event' && message.event.type === 'started') {
        // Nor do their messages come in order: a process may have its successor before it is told itself.
        const index = this.#forks.indexOf(message.event);
        if (pids[index + 1] !== undefined) throw new Error('protocol: one start too many');
        pids[index + 1] = message.pid;
      } else if (message.kind === 'event' && message.event.type === 'terminal') {
        this.#inputs.console?.receive(message.fd ?? -1);
      } else if (message.kind === 'event') this.#asked = message;
      const pid = pids[last];
      if (this.#asked !== undefined && pid !== undefined) this.#answer(this.#asked, pid);
    }
    const pid = pids[last];
    if (this.#failure !== undefined || pid === undefined || this.#isSilenced(pid)) {
      const ended = endAll(pid === undefined ? [...pids, ...untold(pids)] : pids);
      throw this.#failure ?? death(ended);
    }
    for (const predecessor of pids.slice(0, last)) if (predecessor !== undefined) wait(predecessor, { block: true });
    return pid;
  }

  // A seccomp profile that forbids execve may forbid to say so, too.
  #isSilenced(pid: number): boolean {
    return this.#inputs.plan.seccomp !== undefined && lifeOf(pid)?.isOurs === true;
  }

  #next(pids: (number | undefined)[]): Message | undefined {
    let index = 0;
    while (pids[index + 1] !== undefined) index++;
    // While one waits for an answer, the socket stays open: is its pid still to be told?
    if (this.#asked !== undefined && !awaitWord(this.#parentFd, pids[index] ?? 0)) return undefined;
    return receive(this.#parentFd, this.#script);
  }

  #answer({ event, fd = -1 }: Message & { kind: 'event' }, pid: number): void {
    this.#asked = undefined;
    const { schedule, seccomp, record } = this.#inputs;
    try {
      if (event.type === 'final') schedule?.(pid);
      else if (event.type === 'connectAgent') seccomp?.connectAgent();
      else if (event.type === 'listener') seccomp?.handOver(fd, { record, pid, status: 'running' });
      if (!answer(this.#parentFd)) throw death(peekEnd(pid, { block: true }));
    } catch (error) {
      kill(pid, SIGKILL);
      wait(pid, { block: true });
      throw error;
    }
  }

  #errorOf(number: number, errno: string): RuntimeError {
    const failed = this.#script.stepAt(number);
    const isExec = failed?.kind === 'call' && failed.name === 'execve';
    if (isExec) return executionError(this.#inputs.plan.process.args[0] ?? '', errno);
    return stepError(this.#script, number, errno);
  }
}

const SIGSYS = 31;

function death(ended: ExitStatus | undefined): RuntimeError {
  const how = ended === undefined || ended.signal === 0 ? 'has ended' : `was killed by signal ${ended.signal}`;
  const hint = ended?.signal === SIGSYS ? 'the profile in /linux/seccomp has to allow execve' : undefined;
  const reason = `the process that enters the container ${how} before it became the user's program`;
  return new RuntimeError(reason, hint === undefined ? {} : { hint });
}
