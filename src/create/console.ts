// The master of a terminal: kept for the foreground, or handed to whoever listens at --console-socket.
import { closeSync } from '../../bindings/file-system.ts';
import { connectUnix, sendWithFd } from '../../bindings/sockets.ts';
import { windowSize } from '../../bindings/terminal.ts';
import { step } from '../errors.ts';
import type { TerminalPlan } from '../plan/terminal.ts';

const PATIENCE_MS = 10_000;

// The master's name comes with it, as in runc.
const NAME = new TextEncoder().encode('/dev/ptmx');

/** Who gets the master. */
export class Console {
  readonly #socketFd: number | undefined;
  /** The master, once the container has made its terminal and as long as nobody else has got it. */
  masterFd: number | undefined;

  /**
   * Connects to the socket, if there is one, before anything is made for the container.
   * @throws RuntimeError
   */
  constructor(socket: string | undefined) {
    this.#socketFd =
      socket === undefined ? undefined : step('--console-socket', () => connectUnix(socket, PATIENCE_MS));
  }

  /**
   * The size that the terminal begins with: in the foreground that of the caller's own, if it has one. Told before the
   * process looks at it.
   */
  sizeOf({ size }: TerminalPlan): TerminalPlan['size'] {
    if (this.#socketFd !== undefined) return size;
    const own = windowSize(0) ?? windowSize(1) ?? windowSize(2);
    if (own === undefined) return size;
    const [height = 0, width = 0] = new Uint16Array(own.buffer);
    return { height, width };
  }

  /** Takes the master. */
  receive(masterFd: number): void {
    const socketFd = this.#socketFd;
    if (socketFd === undefined) {
      this.masterFd = masterFd;
      return;
    }
    step('--console-socket', () => sendWithFd(socketFd, NAME, masterFd));
    closeSync(socketFd);
    closeSync(masterFd);
  }
}
