// Starts a script: assembled, put into a sealed memfd, spawned.
import { close, fillProgram, memfdProgram } from '../bindings/files.ts';
import { type SpawnOptions, spawnProgram } from '../bindings/spawn.ts';
import { architecture } from '../bindings/syscall.ts';
import { assemble } from './final/assemble.ts';
import type { Script } from './final/script.ts';

/** Starts the script's program. Returns its pid. */
export function spawnScript(script: Script, options: SpawnOptions): number {
  const programFd = memfdProgram(options.name);
  try {
    fillWithScript(programFd, script);
    return spawnProgram(programFd, options);
  } finally {
    close(programFd);
  }
}

/** Assembles a script into its memfd. */
export function fillWithScript(programFd: number, { program }: Script): void {
  fillProgram(programFd, assemble(program, architecture));
}
