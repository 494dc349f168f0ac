// The program that is installed as `runts`: starts the engine, which lies in a folder beside it, with the settings that
// it has to find at its start (docs/architecture.md, "Three programs, no fork"). Assembled when runts is built. A shell
// script, which it once was, took 0.9 ms of every command; this takes 0.05.
import type { Architecture, SyscallName } from '../../bindings/syscalls.ts';
import type { Data } from '../final/data.ts';
import type { Kept } from '../final/encoder.ts';
import type { Address, Operand, Slot } from '../final/memory.ts';
import { OF_LAUNCHER } from '../state/launcher-variables.ts';
import { type Caller, noteCaller } from './caller.ts';
import { leaveDeletedFolder } from './deleted-folder.ts';
import { noteDescriptors, noteOpenFiles, noteOthers } from './descriptors.ts';
import { executable } from './executable.ts';
import type { Flow } from './flow.ts';
import { goOnWithKept } from './kept-engine.ts';
import { A, B, C, D, type Machine } from './machine.ts';
import { asNumber, type NumberVariable, numberVariable, writeNumber } from './number.ts';
import { readInHugePages } from './page-cache.ts';
import { SETTINGS } from './settings.ts';
import { shortcuts } from './shortcuts.ts';

/** Where the engine is looked for, from the launcher's own folder on. */
const ENGINES = ['/lib/runts-engine', '/../lib/runts/runts-engine'];

const AT_FDCWD = -100;
const PATH_MAX = 4096;
const STANDARD_ERROR = 2;
/** What this program adds to the environment beside the settings. */
const VARIABLES = 5;

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
  return executable(architecture, (flow) => new Launcher(flow, sources).build(engine));
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
  /** 1 if there's no kept engine yet. */
  readonly #noKept: NumberVariable;
  readonly #sources: bigint;

  constructor(flow: Flow, sources: bigint) {
    this.#sources = sources;
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
    this.#noKept = numberVariable(data, 'RUNTS_NOKEPT');
  }

  build(engine: string | undefined): void {
    // Before there's any of this program's own.
    noteOthers(this.#flow, this.#others);
    shortcuts(this.#flow, { released: this.#released, sources: this.#sources });
    leaveDeletedFolder(this.#flow);
    noteOpenFiles(this.#flow, this.#openFiles);
    noteDescriptors(this.#flow, this.#descriptors);
    const caller = noteCaller(this.#flow);
    this.#moveArguments();
    this.#moveEnvironment();
    const folder = this.#ownFolder();
    if (engine !== undefined) this.#execute(this.data.string(engine), caller);
    this.#executeBeside(folder, caller);
    this.#fail('runts: the engine is not there: lib/runts-engine beside runts, or ../lib/runts/runts-engine\n');
  }

  // execve(2), "the stack": argc, argv, NULL, envp, NULL. The environment grows, so that all moves down a little, into
  // free stack. A reads, B writes, from here to the end of the environment.
  #moveArguments(): void {
    const { machine } = this;
    const more = SETTINGS.length + VARIABLES;
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
    for (const name of OF_LAUNCHER) {
      machine.loadAt(D, C, name.length === 4 ? 4 : 8);
      machine.jumpIfEqual(D, asNumber(name), next);
    }
    this.#append(C);
    machine.jump(next);
    machine.label(done);
    const numbers = [this.#openFiles, this.#descriptors, this.#others, this.#released, this.#noKept].map(
      ({ address }) => address,
    );
    const settings = [...SETTINGS.map((text) => data.string(text)), ...numbers];
    for (const setting of [...settings, 0]) {
      machine.keep(C, setting);
      this.#append(C);
    }
  }

  // The folder that this program is in, and where its path ends.
  #ownFolder(): { path: Address; end: Slot } {
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
    this.#flow.loop((found) => {
      machine.add(A, -1);
      machine.loadAt(C, A, 1);
      machine.jumpIfEqual(C, asNumber('/'), found);
    });
    const end = data.slot();
    machine.save(end, A);
    return { path, end };
  }

  #executeBeside({ path, end }: { path: Address; end: Slot }, caller: Caller): void {
    const { machine, data } = this;
    for (const engine of ENGINES) {
      machine.keep(B, data.string(engine));
      machine.keep(D, end);
      this.#flow.copyText(D, B, C);
      this.#execute(path, caller);
    }
  }

  // Comes back only if that is no engine.
  #execute(path: Address, caller: Caller): void {
    this.#goOnWithKept(path, caller);
    readInHugePages(this.#flow, path);
    this.#call('execve', [path, this.#argv, this.#envp]);
  }

  #goOnWithKept(path: Address, caller: Caller): void {
    const { machine } = this;
    if (this.#flow.architecture !== 'x64') return;
    const ways = { missing: machine.newLabel(), otherwise: machine.newLabel() };
    const [openFiles, descriptors] = [this.#openFiles.value, this.#descriptors.value];
    const [others, released] = [this.#others.value, this.#released.value];
    const told = { caller, openFiles, descriptors, others };
    const inputs = { ...told, path, sources: this.#sources, ending: '', released };
    goOnWithKept(this.#flow, inputs, ways);
    machine.label(ways.missing);
    machine.keep(A, 1);
    writeNumber(machine, A, this.#noKept);
    machine.label(ways.otherwise);
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
