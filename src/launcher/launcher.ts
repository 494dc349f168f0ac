// The program that is installed as `runts`: starts the engine, which lies in a folder beside it, with the settings that
// it has to find at its start (docs/architecture.md, "Three programs, no fork"). Assembled when runts is built. A shell
// script, which it once was, took 0.9 ms of every command; this takes 0.05.
import type { Architecture, SyscallName } from '../../bindings/syscalls.ts';
import type { Data } from '../final/data.ts';
import type { Kept } from '../final/encoder.ts';
import type { Address, Operand, Slot } from '../final/memory.ts';
import { LOOKED_AT } from '../state/foreground-layout.ts';
import { leaveDeletedFolder } from './deleted-folder.ts';
import { executable } from './executable.ts';
import type { Flow } from './flow.ts';
import { A, B, C, D, type Machine } from './machine.ts';
import { asNumber, type NumberVariable, numberVariable, writeNumber } from './number.ts';
import { readInHugePages } from './page-cache.ts';
import { REFUSED, SETTINGS } from './settings.ts';
import { shortcuts } from './shortcuts.ts';

/** Where the engine is looked for, from the launcher's own folder on. */
const ENGINES = ['/lib/runts-engine', '/../lib/runts/runts-engine'];

const AT_FDCWD = -100;
const F_GETFD = 1;
const RLIMIT_NOFILE = 7;
const PATH_MAX = 4096;
/** In struct pollfd, what is told; of one that isn't open. */
const [REVENTS, POLLNVAL] = [6, 0x20];
const STANDARD_ERROR = 2;

export interface LauncherOptions {
  /** An absolute path at which the engine is looked for first. */
  engine?: string | undefined;
  /** A digest of what runts is built from. */
  sources?: bigint;
}

/**
 * Assembles the launcher.
 * @returns an executable file
 */
export function launcher(architecture: Architecture, { engine, sources = 0n }: LauncherOptions = {}): Uint8Array {
  return executable(architecture, (flow) => new Launcher(flow).build(engine, sources));
}

class Launcher {
  readonly machine: Machine;
  readonly data: Data;
  readonly #flow: Flow;
  readonly #argv: Slot;
  readonly #envp: Slot;
  readonly #openFiles: NumberVariable;
  readonly #descriptors: NumberVariable;
  readonly #others: NumberVariable;
  readonly #released: NumberVariable;

  constructor(flow: Flow) {
    const { machine, data } = flow;
    this.#flow = flow;
    this.machine = machine;
    this.data = data;
    this.#argv = data.slot();
    this.#envp = data.slot();
    this.#openFiles = numberVariable(data, 'RUNTS_NOFILE');
    this.#descriptors = numberVariable(data, 'RUNTS_FDS');
    this.#others = numberVariable(data, 'RUNTS_FDANY');
    this.#released = numberVariable(data, 'RUNTS_RELEASED');
  }

  build(engine: string | undefined, sources: bigint): void {
    // Before there's any of this program's own.
    this.#noteOthers();
    shortcuts(this.#flow, { released: this.#released, sources });
    leaveDeletedFolder(this.#flow);
    this.#noteOpenFiles();
    this.#noteDescriptors();
    this.#moveArguments();
    this.#moveEnvironment();
    const path = this.#ownPath();
    if (engine !== undefined) this.#execute(this.data.string(engine));
    this.#executeBeside(path);
    this.#fail('runts: the engine is not there: lib/runts-engine beside runts, or ../lib/runts/runts-engine\n');
  }

  // The engine raises its soft limit of open files, and opens descriptors of its own.
  #noteOpenFiles(): void {
    const { machine, data } = this;
    const limit = data.reserve(16);
    this.#call('prlimit64', [0, RLIMIT_NOFILE, 0, limit]);
    machine.keep(D, limit);
    machine.loadAt(A, D, 8);
    writeNumber(machine, A, this.#openFiles);
  }

  // Those from 3 on that are open without a gap: what --preserve-fds can mean.
  #noteDescriptors(): void {
    const { machine } = this;
    const [next, done] = [machine.newLabel(), machine.newLabel()];
    machine.keep(A, 3);
    machine.label(next);
    this.#call('fcntl', [A, F_GETFD]);
    machine.jumpIfFailed(done);
    machine.add(A, 1);
    machine.jump(next);
    machine.label(done);
    machine.add(A, -3);
    writeNumber(machine, A, this.#descriptors);
  }

  // Whether any descriptor is open beyond the standard streams, as far as one call can tell: a caller may want it to stay.
  // struct pollfd, poll(2): descriptor, events, revents.
  #noteOthers(): void {
    const { machine, data } = this;
    const entries = new DataView(new ArrayBuffer(8 * LOOKED_AT));
    for (let index = 0; index < LOOKED_AT; index++) entries.setInt32(8 * index, 3 + index, true);
    const poll = data.writableBytes(new Uint8Array(entries.buffer));
    const noTime = data.writableBytes(new Uint8Array(16));
    const [found, none, known] = [machine.newLabel(), machine.newLabel(), machine.newLabel()];
    // EINVAL: more than may be open at all.
    this.#flow.callOr(found, 'ppoll', [poll, LOOKED_AT, noTime, 0, 0]);
    machine.keep(A, poll.plus(REVENTS));
    this.#flow.loop((done) => {
      machine.jumpIfEqual(A, poll.plus(8 * LOOKED_AT + REVENTS), done);
      machine.loadAt(C, A, 1);
      machine.jumpUnlessEqual(C, POLLNVAL, found);
      machine.add(A, 8);
    });
    machine.jump(none);
    machine.label(found);
    machine.keep(A, 1);
    machine.jump(known);
    machine.label(none);
    machine.keep(A, 0);
    machine.label(known);
    writeNumber(machine, A, this.#others);
  }

  // execve(2), "the stack": argc, argv, NULL, envp, NULL. The environment grows, so that all moves down a little, into
  // free stack. A reads, B writes, from here to the end of the environment.
  #moveArguments(): void {
    const { machine } = this;
    const more = SETTINGS.length + 4;
    machine.stackPointer(A);
    machine.add(A, 8);
    machine.stackPointer(B);
    machine.add(B, 8 - more * 8);
    machine.keep(D, this.#argv.address);
    machine.storeAt(D, B, 8);
    const next = machine.newLabel();
    const done = machine.newLabel();
    machine.label(next);
    machine.loadAt(C, A, 8);
    machine.add(A, 8);
    this.#append(C);
    machine.jumpIfEqual(C, 0, done);
    machine.jump(next);
    machine.label(done);
  }

  #moveEnvironment(): void {
    const { machine, data } = this;
    const [next, done] = [machine.newLabel(), machine.newLabel()];
    machine.keep(D, this.#envp.address);
    machine.storeAt(D, B, 8);
    machine.label(next);
    machine.loadAt(C, A, 8);
    machine.add(A, 8);
    machine.jumpIfEqual(C, 0, done);
    for (const name of REFUSED) {
      machine.loadAt(D, C, name.length === 4 ? 4 : 8);
      machine.jumpIfEqual(D, asNumber(name), next);
    }
    this.#append(C);
    machine.jump(next);
    machine.label(done);
    const numbers = [this.#openFiles, this.#descriptors, this.#others, this.#released].map(({ address }) => address);
    const settings = [...SETTINGS.map((text) => data.string(text)), ...numbers];
    for (const setting of [...settings, 0]) {
      machine.keep(C, setting);
      this.#append(C);
    }
  }

  // In A, where it ends.
  #ownPath(): Address {
    const { machine, data } = this;
    const path = data.reserve(PATH_MAX + ENGINES.join().length);
    const [unknown, known] = [machine.newLabel(), machine.newLabel()];
    this.#call('readlinkat', [AT_FDCWD, data.string('/proc/self/exe'), path, PATH_MAX]);
    machine.keep(B, 'result');
    machine.jumpIfFailed(unknown);
    machine.jump(known);
    machine.label(unknown);
    this.#fail('runts: /proc is not mounted\n');
    machine.label(known);
    machine.keep(A, path);
    machine.add(A, B);
    return path;
  }

  // The launcher's own path, its last part replaced.
  #executeBeside(path: Address): void {
    const { machine, data } = this;
    const [next, found] = [machine.newLabel(), machine.newLabel()];
    machine.label(next);
    machine.add(A, -1);
    machine.loadAt(C, A, 1);
    machine.jumpIfEqual(C, asNumber('/'), found);
    machine.jump(next);
    machine.label(found);
    for (const engine of ENGINES) {
      this.#copy(data.string(engine));
      this.#execute(path);
    }
  }

  // A stays where the copy begins.
  #copy(text: Address): void {
    this.machine.keep(B, text);
    this.machine.keep(D, A);
    this.#flow.copyText(D, B, C);
  }

  // Comes back only if that is no engine.
  #execute(path: Address): void {
    readInHugePages(this.#flow, path);
    this.#call('execve', [path, this.#argv, this.#envp]);
  }

  #fail(message: string): void {
    this.#call('write', [STANDARD_ERROR, this.data.string(message), message.length]);
    this.#call('exit_group', [1]);
  }

  #append(value: Kept): void {
    this.machine.storeAt(B, value, 8);
    this.machine.add(B, 8);
  }

  #call(name: SyscallName, args: (Operand | Kept)[]): void {
    this.#flow.call(name, args);
  }
}
