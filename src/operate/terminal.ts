// The foreground of a process with a terminal: copies between the runtime's standard streams and the terminal's master.
// The caller's own terminal is raw meanwhile: what is typed, Ctrl-C too, is for the process.
import { POLLIN, POLLOUT, SIGCHLD, SIGCONT, SIGWINCH } from '../../bindings/constants.ts';
import { closeSync } from '../../bindings/file-system.ts';
import { pidfdOpen, pidfdSendSignal } from '../../bindings/process.ts';
import { fstatSync } from '../../bindings/stat.ts';
import { poll, readSome, reopenNonblocking, setNonblocking, type Watched, writeSome } from '../../bindings/stream.ts';
import {
  foregroundGroup,
  openPeer,
  processGroup,
  rawSettings,
  setTerminal,
  setWindowSize,
  terminalSettings,
  windowSize,
} from '../../bindings/terminal.ts';
import type { NotifyProxy } from './notify.ts';
import { readSignal, reap } from './supervise.ts';

interface Followed {
  signalFd: number;
  masterFd: number;
  notify: NotifyProxy | undefined;
}

/** As `supervise`, and copies. Returns the exit status of the process once all its output is out. */
export function superviseTerminal(pid: number, followed: Followed): number {
  const session = new Session(followed);
  try {
    return session.follow(pid);
  } finally {
    session.close();
  }
}

const [STDIN, STDOUT, STDERR] = [0, 1, 2];
const CHUNK = 65_536;
const NOTHING = new Uint8Array(0);

class Session {
  readonly #signalFd: number;
  readonly #masterFd: number;
  readonly #notify: NotifyProxy | undefined;
  /** As long as it's open the master is never hung up, whoever closes the terminal. */
  readonly #peerFd: number;
  readonly #outFd: number;
  /** The caller's terminal and its settings, if it has one. */
  readonly #settings = terminalSettings(STDIN);
  readonly #buffer = new Uint8Array(CHUNK);
  #hasInput = true;
  #hasOutput = true;
  /** What was read and isn't written yet. */
  #toProcess = NOTHING;
  #toUser = NOTHING;

  constructor({ signalFd, masterFd, notify }: Followed) {
    this.#notify = notify;
    this.#signalFd = signalFd;
    this.#masterFd = masterFd;
    setNonblocking(masterFd);
    this.#peerFd = openPeer(masterFd);
    this.#outFd = canWait(STDOUT) ? (reopenNonblocking(STDOUT) ?? STDOUT) : STDOUT;
    this.#resize();
    this.#makeRaw();
  }

  follow(pid: number): number {
    const pidfd = pidfdOpen(pid);
    for (;;) {
      const status = reap(pid);
      if (status !== undefined) {
        this.#drain();
        return status;
      }
      const signal = this.#exchange();
      if (signal === SIGWINCH) this.#resize();
      // After a stop the shell has put its own settings in force.
      if (signal === SIGCONT) this.#makeRaw();
      const isForProcess = signal !== undefined && signal !== SIGCHLD && signal !== SIGWINCH;
      if (isForProcess && pidfd !== undefined) pidfdSendSignal(pidfd, signal);
    }
  }

  close(): void {
    if (this.#settings !== undefined && this.#isForeground()) setTerminal(STDIN, this.#settings);
    closeSync(this.#peerFd);
    closeSync(this.#masterFd);
  }

  // From a background process group it would change the settings of whoever is in the foreground.
  #makeRaw(): void {
    if (this.#settings !== undefined && this.#isForeground()) setTerminal(STDIN, rawSettings(this.#settings));
  }

  #isForeground(): boolean {
    return foregroundGroup(STDIN) === processGroup();
  }

  #resize(): void {
    const size = windowSize(STDIN) ?? windowSize(STDOUT) ?? windowSize(STDERR);
    if (size !== undefined) setWindowSize(this.#masterFd, size);
  }

  /** Waits until something can be done, and does it. Returns a signal if one has come. */
  #exchange(): number | undefined {
    const [output, input] = [this.#watchOutput(), this.#watchInput()];
    const none = { fd: -1, events: 0 };
    const signals = { fd: this.#signalFd, events: POLLIN };
    const messages = { fd: this.#notify?.fd ?? -1, events: POLLIN };
    const [hasSignal, isNotified, isOutputReady, isInputReady] = poll([
      signals,
      messages,
      output ?? none,
      input ?? none,
    ]);
    if (isNotified === true) this.#notify?.forward();
    if (isOutputReady === true) this.#moveOutput();
    if (isInputReady === true) this.#moveInput();
    return hasSignal === true ? readSignal(this.#signalFd) : undefined;
  }

  #watchOutput(): Watched | undefined {
    if (this.#toUser.length > 0) return { fd: this.#outFd, events: POLLOUT };
    return this.#hasOutput ? { fd: this.#masterFd, events: POLLIN } : undefined;
  }

  #watchInput(): Watched | undefined {
    if (this.#toProcess.length > 0) return { fd: this.#masterFd, events: POLLOUT };
    return this.#hasInput ? { fd: STDIN, events: POLLIN } : undefined;
  }

  #moveOutput(): void {
    if (this.#toUser.length === 0) this.#takeOutput();
    if (this.#toUser.length === 0) return;
    const written = writeSome(this.#outFd, this.#toUser);
    // Where nobody takes it any more, the process is not to be held up by that.
    this.#toUser = this.#toUser.subarray(written ?? this.#toUser.length);
  }

  #takeOutput(): void {
    const count = readSome(this.#masterFd, this.#buffer);
    if (count === 0) this.#hasOutput = false;
    this.#toUser = this.#buffer.slice(0, count ?? 0);
  }

  #moveInput(): void {
    if (this.#toProcess.length === 0) {
      const count = readSome(STDIN, this.#buffer);
      if (count === undefined) return;
      if (count === 0) this.#hasInput = false;
      this.#toProcess = this.#buffer.slice(0, count);
    }
    if (this.#toProcess.length > 0) {
      this.#toProcess = this.#toProcess.subarray(writeSome(this.#masterFd, this.#toProcess) ?? this.#toProcess.length);
    }
  }

  // The process has ended: what it has written is in the terminal still. Others may go on writing for ever.
  #drain(): void {
    for (let rest = MOST_LEFT; rest > 0; ) {
      while (this.#toUser.length > 0) if (this.#awaitOutput()) return;
      this.#takeOutput();
      if (this.#toUser.length === 0) return;
      rest -= this.#toUser.length;
    }
  }

  /** Writes what can be written. Returns whether a signal ends the waiting. */
  #awaitOutput(): boolean {
    const [hasSignal, isReady] = poll([
      { fd: this.#signalFd, events: POLLIN },
      { fd: this.#outFd, events: POLLOUT },
    ]);
    if (isReady === true) this.#moveOutput();
    if (hasSignal !== true) return false;
    const signal = readSignal(this.#signalFd);
    return signal !== SIGCHLD && signal !== SIGWINCH && signal !== SIGCONT;
  }
}

const MOST_LEFT = 1 << 20;

// Terminals, pipes and FIFOs; a regular file never lets anybody wait, and opened again it would begin at its start.
function canWait(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isCharacterDevice() || stat.isFIFO();
}
