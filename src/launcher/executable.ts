// Assembles the programs that are made when runts is built: executable files without a library.
import type { Architecture } from '../../bindings/syscalls.ts';
import { Data } from '../final/data.ts';
import { CODE_OFFSET, elfFile, layOut } from '../final/elf.ts';
import { Arm64Machine } from './arm64.ts';
import { Flow } from './flow.ts';
import { X64Machine } from './x86-64.ts';

/** The executable file of what `build` adds. */
export function executable(architecture: Architecture, build: (flow: Flow) => void): Uint8Array {
  const machine = architecture === 'x64' ? new X64Machine() : new Arm64Machine();
  const data = new Data();
  build(new Flow(machine, data, architecture));
  const layout = layOut(architecture, {
    code: machine.length,
    constant: data.constant.length,
    bulk: data.bulk.length,
    writable: data.writable.length,
    zeroed: data.zeroedSize,
  });
  const file = elfFile(layout);
  file.set(machine.finish(layout.addresses), CODE_OFFSET);
  for (const section of ['constant', 'bulk', 'writable'] as const) {
    data[section].copyTo(file, layout.offsets[section], layout.addresses);
  }
  return file;
}
