// What the runtime does for a container with a seccomp profile: makes the filter, and hands its listener to the agent.
import { close } from '../../bindings/files.ts';
import { knowsSeccompFlag } from '../../bindings/seccomp.ts';
import { connectUnix, sendWithFd } from '../../bindings/sockets.ts';
import { RuntimeError, step } from '../errors.ts';
import { SECCOMP_FLAGS, type SeccompPlan } from '../plan/seccomp.ts';
import { stateDocument } from '../state/document.ts';
import type { Status } from '../state/status.ts';
import type { ContainerRecord } from '../state/store.ts';
import { type FoundFilter, findFilter } from './seccomp-cache.ts';
import { buildFilter } from './seccomp-filter.ts';

const AGENT_TIMEOUT_MS = 10_000;

/** The process that a filter is installed for. */
export interface Listened {
  record: ContainerRecord;
  pid: number;
  /** The container's. */
  status: Status;
}

/** Stays until the process is ready. */
export class SeccompExtra {
  readonly #plan: SeccompPlan;
  readonly #root: string;
  #found: FoundFilter | undefined;
  #agentFd = -1;

  /**
   * @param root the state's folder
   * @throws RuntimeError if the kernel doesn't have what is asked for
   */
  constructor(plan: SeccompPlan, root: string) {
    this.#plan = plan;
    this.#root = root;
    for (const [name, flag] of Object.entries(SECCOMP_FLAGS)) {
      if ((plan.flags & flag) === 0 || knowsSeccompFlag(flag)) continue;
      throw new RuntimeError(`this kernel does not have ${name}`, {
        steps: ['/linux/seccomp/flags'],
      });
    }
  }

  /** Makes the filter, once. */
  readonly makeFilter = (): Uint8Array => {
    this.#found ??= findFilter(this.#root, this.#plan, () => buildFilter(this.#plan));
    return this.#found.filter;
  };

  /** Keeps the filter for other containers: for when there's time. */
  keepFilter(): void {
    this.#found?.keep();
  }

  /** Connects to the agent's socket. */
  connectAgent(): void {
    const { path } = this.#listener;
    this.#agentFd = step(`/linux/seccomp/listenerPath ${path}`, () => connectUnix(path, AGENT_TIMEOUT_MS));
  }

  /** Sends the agent the listener, and what it listens to: a process of a container. The descriptor is closed. */
  handOver(listenerFd: number, { record, pid, status }: Listened): void {
    const { path, metadata } = this.#listener;
    const state = JSON.stringify({
      ociVersion: record.ociVersion,
      fds: ['seccompFd'],
      pid,
      metadata,
      state: stateDocument(record, status),
    });
    step(`/linux/seccomp/listenerPath ${path}`, () => sendWithFd(this.#agentFd, Buffer.from(state), listenerFd));
    close(listenerFd);
    this.close();
  }

  /** Ends the connection to the agent, which is for one message. */
  close(): void {
    if (this.#agentFd >= 0) close(this.#agentFd);
    this.#agentFd = -1;
  }

  get #listener(): { path: string; metadata: string | undefined } {
    const { listener } = this.#plan;
    if (listener === undefined) throw new Error('protocol: a filter without SCMP_ACT_NOTIFY has no listener');
    return listener;
  }
}
