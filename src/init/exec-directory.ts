// The working directory of a process that `exec` makes.
import * as K from '../../bindings/constants.ts';
import type { Slot } from '../final/memory.ts';
import type { NamedCallOptions, Script } from '../final/script.ts';
import type { ProcessPlan } from '../plan/process.ts';
import { asUser, enterWorkingDirectory, isRoot } from './working-directory.ts';

const ENOENT = 2;
const EACCES = 13;
const OPEN_HOW_SIZE = 24;

/** It's there already: unlike `create`, `exec` makes none. */
export class ExecDirectory {
  readonly #script: Script;
  readonly #process: ProcessPlan;
  readonly #fd: Slot;

  constructor(script: Script, process: ProcessPlan) {
    this.#script = script;
    this.#process = process;
    this.#fd = script.slot();
  }

  /** Goes there, before the process is made in the container: with more rights than that has. */
  enter(): void {
    const script = this.#script;
    const [missing, refused, opened] = [script.newLabel(), script.newLabel(), script.newLabel()];
    const gotoOn = [{ errno: ENOENT, label: missing }];
    if (!isRoot(this.#process)) gotoOn.push({ errno: EACCES, label: refused });
    this.#within(() => this.#open({ gotoOn }));
    script.label(opened);
    this.#change();
    // Also without a working directory: what is relative begins in the container's root then.
    script.label(missing);
    if (isRoot(this.#process)) return;
    script.later(() => {
      script.label(refused);
      this.#within(() => asUser(script, this.#process, () => this.#open()));
      script.program.goto(opened);
    });
  }

  /** Goes there in the container, if it was missing: /proc/self is there for those in its pid namespace only. */
  enterLate(): void {
    const script = this.#script;
    const [late, done] = [script.newLabel(), script.newLabel()];
    script.program.ifNegative(this.#fd, late);
    script.label(done);
    script.later(() => {
      script.label(late);
      this.#within(() => this.#open());
      this.#change();
      script.program.goto(done);
    });
  }

  #change(): void {
    enterWorkingDirectory(this.#script, this.#process, this.#fd);
    this.#script.call('close', [this.#fd]);
  }

  // Magic links are refused: a preserved descriptor may be a folder of the host's (CVE-2024-21626).
  #open(options: NamedCallOptions = {}): void {
    const { cwd: path } = this.#process;
    const how = this.#script.words(K.O_PATH | K.O_DIRECTORY | K.O_CLOEXEC, 0, K.RESOLVE_NO_MAGICLINKS);
    const args = [K.AT_FDCWD, this.#script.string(path), how, OPEN_HOW_SIZE];
    this.#script.call('openat2', args, { path, save: this.#fd, ...options });
  }

  #within(build: () => void): void {
    this.#script.within(`/process/cwd ${this.#process.cwd}`, build);
  }
}
