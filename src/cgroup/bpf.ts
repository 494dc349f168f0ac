// A small assembler for eBPF: the instructions that a device program needs (bpf/standardization/instruction-set.rst).

/** One instruction; a jump's target is a label. */
export type Instruction =
  | { op: 'load'; into: number; from: number; offset: number }
  | { op: 'moveRegister'; into: number; from: number }
  | { op: 'move' | 'and' | 'shiftRight'; into: number; value: number }
  | { op: 'jumpIfNot' | 'jumpIf'; register: number; value: number; label: string }
  | { op: 'label'; label: string }
  | { op: 'exit' };

// Opcodes: class, source and operation. 32-bit arithmetic (class 4) clears the upper half of the register; 32-bit jumps
// (class 6) compare numbers as they are, where 64-bit ones would extend the sign.
const OPCODES = {
  load: 0x61, // BPF_LDX | BPF_MEM | BPF_W
  moveRegister: 0xbc, // BPF_ALU | BPF_X | BPF_MOV
  move: 0xb4, // BPF_ALU | BPF_K | BPF_MOV
  and: 0x54, // BPF_ALU | BPF_K | BPF_AND
  shiftRight: 0x74, // BPF_ALU | BPF_K | BPF_RSH
  jumpIfNot: 0x56, // BPF_JMP32 | BPF_K | BPF_JNE
  jumpIf: 0x16, // BPF_JMP32 | BPF_K | BPF_JEQ
  exit: 0x95, // BPF_JMP | BPF_EXIT
} as const;

const SIZE = 8;
const MOST_FAR = 0x7fff;

/**
 * Assembles a program: struct bpf_insn (opcode, registers, 16-bit offset, 32-bit value) for each instruction.
 * @throws Error for a label that is not there, or too far away
 */
export function assembleBpf(instructions: Instruction[]): Uint8Array {
  const places = new Map<string, number>();
  const code = instructions.filter((instruction, index) => {
    if (instruction.op !== 'label') return true;
    places.set(instruction.label, index - places.size);
    return false;
  });
  const view = new DataView(new ArrayBuffer(code.length * SIZE));
  code.forEach((instruction, index) => {
    encode(view, index, { instruction, places });
  });
  return new Uint8Array(view.buffer);
}

interface Context {
  instruction: Instruction;
  places: Map<string, number>;
}

function encode(view: DataView, index: number, { instruction, places }: Context): void {
  if (instruction.op === 'label') return;
  const at = index * SIZE;
  view.setUint8(at, OPCODES[instruction.op]);
  if ('label' in instruction) {
    view.setUint8(at + 1, instruction.register);
    view.setInt16(at + 2, distance(index, instruction.label, places), true);
  } else if ('into' in instruction) {
    const from = 'from' in instruction ? instruction.from : 0;
    view.setUint8(at + 1, instruction.into | (from << 4));
    if ('offset' in instruction) view.setInt16(at + 2, instruction.offset, true);
  }
  if ('value' in instruction) view.setUint32(at + 4, instruction.value, true);
}

// Jumps are counted from the instruction behind them.
function distance(index: number, label: string, places: Map<string, number>): number {
  const place = places.get(label);
  if (place === undefined) throw new Error(`no label ${label}`);
  const distance = place - index - 1;
  if (Math.abs(distance) > MOST_FAR) throw new Error(`label ${label} is too far away`);
  return distance;
}
