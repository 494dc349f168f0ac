// Starts a script: assembled, put into a sealed memfd, spawned.
import { close, fillProgram, memfdProgram } from '../bindings/files.ts';
import { type SpawnOptions, spawnProgram } from '../bindings/spawn.ts';
import { architecture } from '../bindings/syscall.ts';
import { assemble } from './final/assemble.ts';
import type { Script } from './final/script.ts';

/** Starts the script's program. Returns its pid. */
export function spawnScript(script: Script, options: SpawnOptions): number {
  return spawnAssembled(assembleScript(script), options);
}

/** The script's program, an ELF file. */
export function assembleScript({ program }: Script): Uint8Array {
  return assemble(program, architecture);
}

/** Starts an assembled program. Returns its pid. */
export function spawnAssembled(program: Uint8Array, options: SpawnOptions): number {
  const programFd = memfdProgram(options.name);
  try {
    fillProgram(programFd, program);
    return spawnProgram(programFd, options);
  } finally {
    close(programFd);
  }
}

/** Assembles a script into its memfd. */
export function fillWithScript(programFd: number, script: Script): void {
  fillProgram(programFd, assembleScript(script));
}
