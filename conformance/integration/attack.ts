// A hostile container and its victim: a folder of the host that must stay as it is, whatever the runtime does.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Mount } from '../../src/bundle/config.ts';
import type { Bundle, Changes } from '../bundle.ts';
import type { Result, Runtime } from '../runtime.ts';
import { hostMounts, readLink } from './host.ts';

/** More parents than any path has. */
export const UP = '../../../../../../../../../../../..';

export const tmpfs = (destination: string): Mount => ({ destination, type: 'tmpfs', source: 'tmpfs' });

export class Attacker {
  /** Seen from the rootfs of any container, its absolute path is a path of the host. */
  readonly victim: string;
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.victim = join(runtime.folder, 'victim');
  }

  /** Runs a bundle after `prepare` has changed its rootfs; the result may be an error, the host stays unharmed. */
  attack(changes: Changes, prepare: (bundle: Bundle) => void = () => {}): Result {
    rmSync(this.victim, { recursive: true, force: true });
    mkdirSync(this.victim);
    for (const name of ['ptmx', 'null', 'fd', 'file', 'console']) writeFileSync(join(this.victim, name), 'untouched');
    const before = this.#content();
    const bundle = this.#runtime.bundle(changes);
    prepare(bundle);
    const result = this.#runtime.command(['run', '--bundle', bundle.directory, this.#runtime.id()]);
    assert.is(this.#content(), before);
    const mounts = hostMounts().filter((target) => target.includes(this.#runtime.tag));
    assert.equal(mounts, []);
    return result;
  }

  #content(): string {
    const names = readdirSync(this.victim, { recursive: true }).map(String).toSorted();
    const contentOf = (path: string): string => readLink(path) || readFileSync(path, 'utf8');
    return names.map((name) => `${name}=${contentOf(join(this.victim, name))}`).join();
  }
}
