// What the init program says to the runtime, over a socketpair that keeps message boundaries. The order in time:
//
// | event       | the program has                                        | the runtime                               |
// |-------------|--------------------------------------------------------|-------------------------------------------|
// | started     | made the container process; its pid                    | saves the pid                             |
// | mapIds      | begun in a new user namespace (only then)              | writes the id maps, answers               |
// | timeOffsets | made a new time namespace (only with offsets)          | writes the offsets, answers               |
// | root        | mounted the root file system; its descriptor           | keeps the descriptor                      |
// | makePath    | found no mount point (any time from here)              | makes it, answers                         |
// | copyUpFrom  | a tmpfs to fill (only with tmpcopyup)                  | opens what it will cover, answers         |
// | copyUpTo    | attached that tmpfs                                    | copies, answers                           |
// | checkDevice | found a file where a device goes                       | compares it, answers                      |
// | terminal    | made a terminal (only then); its master's descriptor   | keeps the descriptor                      |
// | mounted     | made all mounts and devices, the root is unchanged     | allows devices, runs hooks, answers HOME  |
// | connectAgent| taken its rights (only with SCMP_ACT_NOTIFY)           | connects to the agent, answers            |
// | listener    | installed the filter; the listener's descriptor        | sends it to the agent, answers            |
// | ready       | done everything but executing the user's program       | has created the container                 |
//
// At any time: a report of a step that failed, for file systems preceded by their explanation. The program has ended
// then.

import { SyscallError } from '../bindings/errno.ts';
import { close, pollReadable, receiveWithFd, write } from '../bindings/files.ts';
import { pidfdOpen } from '../bindings/process.ts';
import type { Event } from './final/event.ts';
import { decodeReport, REPORT_SIZE } from './final/report.ts';
import type { Script } from './final/script.ts';
import { STARTED_SIZE } from './final/script.ts';

/** A program has come to a point. */
export interface EventMessage {
  kind: 'event';
  event: Event;
  /** What it's part of, outermost first. */
  doing: string[];
  pid: number;
  fd: number | undefined;
}

export type Message =
  | EventMessage
  | { kind: 'explanation'; text: string }
  | { kind: 'failure'; step: number; errno: number };

/** Where each event belongs in the order of the table above. */
const ORDER: Record<Event['type'], number> = {
  started: 0,
  mapIds: 1,
  setup: 2,
  timeOffsets: 3,
  root: 4,
  makePath: 5,
  copyUpFrom: 5,
  copyUpTo: 5,
  checkDevice: 5,
  terminal: 5.5,
  mounted: 6,
  final: 7,
  connectAgent: 8,
  listener: 9,
  ready: 10,
};

// The runtime's answer: one byte, whatever its value.
const ANSWER = new Uint8Array([1]);

/** Lets a program go on that waits for an answer. Returns false if it has ended instead. */
export function answer(fd: number): boolean {
  try {
    write(fd, ANSWER);
    return true;
  } catch (error) {
    if (error instanceof SyscallError && error.errno === 'EPIPE') return false;
    throw error;
  }
}

const WITH_DESCRIPTOR: Event['type'][] = ['root', 'terminal', 'listener'];

/**
 * Holds a program to the table. What it says comes from within the container: should anybody there have got hold of it,
 * it must not make the runtime do things twice or out of their turn, such as kill another process or run hooks again.
 */
export class Sequence {
  #last = 0;
  #hasStarted = false;

  /** Throws for an event that is not due. */
  accept({ event: { type }, fd }: Omit<EventMessage, 'doing'>): void {
    if (!this.#isDue(type)) throw new Error(`protocol: the event ${type} is out of its turn`);
    if (WITH_DESCRIPTOR.includes(type) !== (fd !== undefined)) throw new Error(`protocol: ${type} and a descriptor`);
  }

  // The container process may have said mapIds or setup before the one that made it says started. What it needs while it
  // sets up the root may come any number of times, everything else once.
  #isDue(type: Event['type']): boolean {
    const place = ORDER[type];
    if (type === 'started') {
      const isDue = !this.#hasStarted && this.#last <= ORDER.setup;
      this.#hasStarted = true;
      return isDue;
    }
    if (place === ORDER.makePath) return this.#last >= ORDER.root && this.#last <= ORDER.mounted;
    const isDue = place > this.#last;
    this.#last = place;
    return isDue;
  }
}

/**
 * Waits for a word, or for the end of a process that has one to say: killed between making another process and telling
 * its pid, it would leave that one with the socket, and the runtime would wait for ever.
 * @param pid a child that has not been waited for
 * @returns false if it has ended, and nothing is left to hear
 */
export function awaitWord(fd: number, pid: number): boolean {
  const pidfd = pidfdOpen(pid);
  if (pidfd === undefined) return hasWord(fd);
  let [isSpeaking, isOver] = [false, false];
  // A signal may end the waiting without either.
  while (!isSpeaking && !isOver) [isSpeaking = false, isOver = false] = pollReadable([fd, pidfd]);
  close(pidfd);
  // What it has said before its end comes first.
  return isSpeaking || hasWord(fd);
}

/** Whether there's something to hear, or the other side has closed. */
export function hasWord(fd: number): boolean {
  return pollReadable([fd], 0)[0] === true;
}

const MAX_MESSAGE = 512;

/**
 * Waits for the next message of a program.
 * @returns undefined when the program has ended without a word, or closed the socket on execve
 */
export function receive(fd: number, script: Script): Message | undefined {
  const buffer = new Uint8Array(MAX_MESSAGE);
  const { length, descriptor } = receiveWithFd(fd, buffer);
  if (length === 0) return undefined;
  if (length !== REPORT_SIZE && length !== STARTED_SIZE) {
    return { kind: 'explanation', text: new TextDecoder().decode(buffer.subarray(0, buffer.indexOf(0))) };
  }
  const { step, errno } = decodeReport(buffer.subarray(0, REPORT_SIZE));
  if (errno !== 0) return { kind: 'failure', step, errno };
  const meaning = script.stepAt(step);
  if (meaning?.kind !== 'event') throw new Error(`protocol: step ${step} is not an event`);
  const pid = new DataView(buffer.buffer).getUint32(REPORT_SIZE, true);
  return { kind: 'event', event: meaning.event, doing: meaning.doing, pid, fd: descriptor };
}
