// What the runtime (parent) and the container process (child) say to each other, over a socketpair that keeps message
// boundaries. One table: the order of the lines is the order in time.
import { read, write } from '../bindings/files.ts';
import { decodeReport, REPORT_SIZE } from './final/report.ts';
import { type ErrorFields, errnoOf, RuntimeError } from './errors.ts';

/**
 * | message    | from   | sent when                                                        | means              |
 * |------------|--------|------------------------------------------------------------------|--------------------|
 * | started    | joiner | only with a joiner: it has made the container process            | its pid            |
 * | mapped     | parent | only with a new user namespace: its id maps are written          | become root in it  |
 * | mounted    | child  | mounts and devices are there, the root is not changed yet        | run the hooks      |
 * | hooksRun   | parent | only with hooks: prestart and createRuntime have succeeded       | go on              |
 * | program    | parent | the final program is in its memfd                                | execute it         |
 * | warning    | child  | any time                                                         | log it             |
 * | failed     | child  | any time; the child has ended                                    | create fails       |
 * | report     | final  | program: step 0 = it waits for `start`; else that step failed    | created, or failed |
 */
export type Message =
  | { type: 'started'; pid: number }
  | { type: 'mapped' }
  /** With the home directory that the container's /etc/passwd has for the user, if the config sets none. */
  | { type: 'mounted'; home?: string }
  | { type: 'hooksRun' }
  | { type: 'program' }
  | { type: 'warning'; text: string }
  | { type: 'failed'; error: ErrorFields }
  | { type: 'report'; step: number; errno: number };

const MAX_MESSAGE = 65536;

/** Sends a message. A partner that has died is noticed when reading: EPIPE is no error here. */
export function send(fd: number, message: Message): void {
  try {
    write(fd, new TextEncoder().encode(JSON.stringify(message)));
  } catch (error) {
    if (errnoOf(error) !== 'EPIPE') throw error;
  }
}

/**
 * Waits for the next message.
 * @returns undefined when the other side has closed: it ended without a word
 */
export function receive(fd: number): Message | undefined {
  const buffer = new Uint8Array(MAX_MESSAGE);
  const length = readMessage(fd, buffer);
  if (length === 0) return undefined;
  const bytes = buffer.subarray(0, length);
  // The final program has no JSON; its reports are the only messages that don't start with a brace.
  if (length === REPORT_SIZE && bytes[0] !== 0x7b) return { type: 'report', ...decodeReport(bytes) };
  return JSON.parse(new TextDecoder().decode(bytes)) as Message;
}

function readMessage(fd: number, buffer: Uint8Array): number {
  try {
    return read(fd, buffer);
  } catch (error) {
    // The other side died with unread messages in its queue.
    if (errnoOf(error) === 'ECONNRESET') return 0;
    throw error;
  }
}

/** Waits for one kind of message; used by the child, whose partner only says what it's asked for. */
export function expect(fd: number, type: Message['type']): void {
  const message = receive(fd);
  if (message === undefined) throw new RuntimeError('the runtime has ended');
  if (message.type !== type) throw new Error(`protocol: ${message.type} instead of ${type}`);
}
