// Assembles the programs that are made when runts is built: executable files without a library.
import type { Architecture } from '../../bindings/syscalls.ts';
import { linked } from '../final/assemble.ts';
import { Data } from '../final/data.ts';
import { Arm64Machine } from './arm64.ts';
import { Flow } from './flow.ts';
import { X64Machine } from './x86-64.ts';

/** Below the engine, beside which the launcher is in memory for a moment; above vm.mmap_min_addr. */
const BASE = 0x20000;

/** The executable file of what `build` adds. */
export function executable(architecture: Architecture, build: (flow: Flow) => void): Uint8Array {
  const machine = architecture === 'x64' ? new X64Machine() : new Arm64Machine();
  const data = new Data();
  build(new Flow(machine, data, architecture));
  return linked(machine, data, architecture, BASE);
}
