// Hook programs for the tests: shell scripts in a folder that the host and the container see under the same path.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hook, Mount } from '../../src/bundle/config.ts';
import type { Runtime, State } from '../runtime.ts';

/** What a hook left behind when it ran. */
export interface HookRun {
  state: State;
  namespaces: Record<string, string>;
}

export class HookScripts {
  readonly folder: string;
  /** Makes the folder visible in the container. */
  readonly mount: Mount;

  constructor(runtime: Runtime) {
    this.folder = join(runtime.folder, `hooks-${runtime.id()}`);
    mkdirSync(this.folder);
    this.mount = { destination: this.folder, source: this.folder, options: ['bind'] };
  }

  /** A hook that records its name, state and namespaces, and then does what `script` says. */
  hook(name: string, script = '', rest: Partial<Hook> = {}): Hook {
    const path = join(this.folder, `${name}.sh`);
    const lines = [
      '#!/bin/sh',
      'PATH=/usr/bin:/bin',
      `cd ${this.folder}`,
      `cat > ${name}.state`,
      `for type in mnt net pid uts ipc; do echo $type $(readlink /proc/self/ns/$type); done > ${name}.ns`,
      `echo ${name} >> order`,
      script,
    ];
    writeFileSync(path, lines.join('\n'), { mode: 0o755 });
    return { path, ...rest };
  }

  /** The names of the hooks that ran, in their order. */
  order(): string[] {
    const path = join(this.folder, 'order');
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  }

  ran(name: string): HookRun {
    const state: State = JSON.parse(this.read(`${name}.state`));
    const lines = this.read(`${name}.ns`).trim().split('\n');
    return { state, namespaces: Object.fromEntries(lines.map((line) => line.split(' '))) };
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8');
  }
}
