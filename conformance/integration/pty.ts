// A terminal for a runtime to run in, as a person or a manager has one; and who listens at a console socket.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as K from '../../bindings/constants.ts';
import { pollReadable, receiveWithFd } from '../../bindings/files.ts';
import { listenUnix } from '../../bindings/root-suite.ts';
import { readSome, setNonblocking } from '../../bindings/stream.ts';
import { syscall, words64 } from '../../bindings/syscall.ts';
import { openPeer, setWindowSize } from '../../bindings/terminal.ts';

const TIOCSPTLCK = 0x40045431;
const LIMIT_MS = 10_000;

/** One end of a terminal: what a person sees and types. */
export class Screen {
  text = '';
  constructor(readonly masterFd: number) {
    setNonblocking(masterFd);
  }

  /** Reads until the text is there; throws after some seconds. */
  async waitFor(expected: string | RegExp): Promise<string> {
    const end = performance.now() + LIMIT_MS;
    while (!this.#has(expected)) {
      if (performance.now() > end) throw new Error(`no ${expected} on the screen: ${JSON.stringify(this.text)}`);
      await Bun.sleep(5);
      this.read();
    }
    return this.text;
  }

  #has(expected: string | RegExp): boolean {
    return typeof expected === 'string' ? this.text.includes(expected) : expected.test(this.text);
  }

  /** Reads what there is. Returns false once the terminal is closed. */
  read(): boolean {
    const buffer = new Uint8Array(65_536);
    for (;;) {
      const count = readSome(this.masterFd, buffer);
      if (count === undefined) return true;
      if (count === 0) return false;
      this.text += new TextDecoder().decode(buffer.subarray(0, count));
    }
  }

  type(text: string): void {
    const data = new TextEncoder().encode(text);
    syscall('write', undefined, this.masterFd, data, data.length);
  }

  resize(rows: number, columns: number): void {
    setWindowSize(this.masterFd, sizeOf(rows, columns));
  }

  close(): void {
    closeSync(this.masterFd);
  }
}

/** struct winsize. */
export function sizeOf(rows: number, columns: number): Uint8Array {
  return new Uint8Array(Uint16Array.of(rows, columns, 0, 0).buffer);
}

/** A program in a terminal of its own. */
export interface InTerminal {
  screen: Screen;
  /** The other end, to look at its settings. */
  peerFd: number;
  pid: number;
  ended: Promise<number | null>;
  close(): void;
}

/** Starts a program as the leader of a session in a new terminal. */
export function startInTerminal(argv: string[]): InTerminal {
  const masterFd = openSync('/dev/ptmx', K.O_RDWR | K.O_NOCTTY);
  syscall('ioctl', undefined, masterFd, TIOCSPTLCK, words64(0));
  const peerFd = openPeer(masterFd);
  const screen = new Screen(masterFd);
  screen.resize(25, 80);
  const child = spawn('setsid', ['--ctty', '--wait', ...argv], { stdio: [peerFd, peerFd, peerFd] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const close = () => {
    closeSync(peerFd);
    screen.close();
  };
  return { screen, peerFd, pid: child.pid ?? 0, ended, close };
}

/** A socket that waits for terminals. */
export class ConsoleSocket {
  readonly #folder = mkdtempSync(join(tmpdir(), 'runts-console-'));
  readonly path: string = join(this.#folder, 'socket');
  readonly #listenFd = listenUnix(this.path, 5);

  /** The message that has come, and the terminal. */
  receive(): { message: string; screen: Screen } {
    const [isThere] = pollReadable([this.#listenFd], LIMIT_MS);
    if (isThere !== true) throw new Error('nobody has connected to the console socket');
    const fd = syscall('accept4', undefined, this.#listenFd, null, null, K.SOCK_CLOEXEC);
    const buffer = new Uint8Array(4096);
    const { length, descriptor } = receiveWithFd(fd, buffer);
    closeSync(fd);
    if (descriptor === undefined) throw new Error('no descriptor has come');
    return { message: new TextDecoder().decode(buffer.subarray(0, length)), screen: new Screen(descriptor) };
  }

  close(): void {
    closeSync(this.#listenFd);
    rmSync(this.#folder, { recursive: true });
  }
}
