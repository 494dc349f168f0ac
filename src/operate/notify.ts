// Passes on to the caller's service manager that the container is ready, sd_notify(3): only that, and from then on the
// container process is the service's main process.
import * as K from '../../bindings/constants.ts';
import { closeSync, openSync, unlinkSync } from '../../bindings/file-system.ts';
import { pollReadable, read, socketpair, write } from '../../bindings/files.ts';
import { umask } from '../../bindings/privileges.ts';
import { pidfdOpen } from '../../bindings/process.ts';
import { bindDatagram, connectDatagram, sendWithFd } from '../../bindings/sockets.ts';
import { errnoOf, step, toRuntimeError } from '../errors.ts';
import { warn } from '../log.ts';
import { NOTIFY_FOLDER, NOTIFY_NAME } from '../state/store.ts';

const MOST = 4096;
/** How long the service manager may take to read what it's told. */
const PATIENCE_MS = 5000;

export class NotifyProxy {
  /** Readable when the container has said something; -1 once it's ready. */
  fd: number;
  readonly #pid: number;
  readonly #socket: string;

  /**
   * Makes the socket, before the user's program runs.
   * @param folder the container's folder
   * @param socket the service manager's
   */
  constructor(folder: string, pid: number, socket: string) {
    this.#pid = pid;
    this.#socket = socket;
    this.fd = step('make the notify socket', () => makeSocket(`${folder}/${NOTIFY_FOLDER}`));
  }

  /** Waits until the container is ready or has ended. */
  follow(): void {
    const pidfd = pidfdOpen(this.#pid);
    while (this.fd >= 0 && pidfd !== undefined) {
      const [isNotified, isOver] = pollReadable([this.fd, pidfd]);
      if (isNotified === true) this.forward();
      else if (isOver === true) break;
    }
  }

  /** Reads one message, and passes it on if it says that the service is ready. */
  forward(): void {
    const buffer = new Uint8Array(MOST);
    const text = new TextDecoder().decode(buffer.subarray(0, read(this.fd, buffer)));
    const ready = text.split('\n').find((line) => line.startsWith('READY='));
    if (ready === undefined) return;
    closeSync(this.fd);
    this.fd = -1;
    try {
      step(`notify ${this.#socket}`, () => tell(this.#socket, [ready, `MAINPID=${this.#pid}`]));
    } catch (error) {
      warn(toRuntimeError(error)?.oneLine ?? String(error));
    }
  }
}

// By descriptor: the folder's path may be longer than a socket's may be.
function makeSocket(folder: string): number {
  const folderFd = openSync(folder, K.O_RDONLY | K.O_DIRECTORY);
  try {
    const path = `/proc/self/fd/${folderFd}/${NOTIFY_NAME}`;
    removeOld(path);
    // For all users of the container.
    const mask = umask(0);
    try {
      return bindDatagram(path);
    } finally {
      umask(mask);
    }
  } finally {
    closeSync(folderFd);
  }
}

function removeOld(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

// The manager looks up who has told it: this process must not end before. What it gets with BARRIER it closes when it
// has come to it, sd_notify_barrier(3).
function tell(socket: string, lines: string[]): void {
  const encoder = new TextEncoder();
  const fd = connectDatagram(socket);
  const [near, far] = socketpair();
  try {
    for (const line of lines) write(fd, encoder.encode(`${line}\n`));
    sendWithFd(fd, encoder.encode('BARRIER=1'), far);
    closeSync(far);
    pollReadable([near], PATIENCE_MS);
  } finally {
    closeSync(near);
    closeSync(fd);
  }
}
