// Several seccomp programs, one for each architecture, as one: a few instructions in front choose. Each is complete by
// itself and checks once more what it was chosen by.

/** One architecture's program: an array of struct sock_filter. */
export interface ArchitectureProgram {
  /** AUDIT_ARCH_*, or libseccomp's own number for x32. */
  token: number;
  program: Uint8Array;
}

export const INSTRUCTION_SIZE = 8;

type Instruction = [code: number, ifTrue: number, ifFalse: number, value: number];

// linux/bpf_common.h, struct seccomp_data
const LOAD = 0x20;
const JUMP = 0x05;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const RETURN = 0x06;
const NUMBER_OFFSET = 0;
const ARCHITECTURE_OFFSET = 4;

const SCMP_ACT_KILL = 0;
const X86_64 = 0xc000003e;
const X32 = 0x4000003e;
/** x32 has x86_64's AUDIT_ARCH, and this bit in its numbers. */
const X32_SYSCALL_BIT = 0x40000000;

/** The program for all; what belongs to no architecture is killed, as libseccomp has it. */
export function joinPrograms(programs: ArchitectureProgram[]): Uint8Array {
  const [first] = programs;
  if (first !== undefined && programs.length === 1) return first.program;
  const starts = startsOf(programs);
  const header = headerFor(programs, starts, headerFor(programs, starts, 0).length);
  const total = programs.reduce((size, { program }) => size + program.length, header.length * INSTRUCTION_SIZE);
  const joined = new Uint8Array(total);
  joined.set(encode(header));
  let at = header.length * INSTRUCTION_SIZE;
  for (const { program } of programs) {
    joined.set(program, at);
    at += program.length;
  }
  return joined;
}

/** Token → index of its first instruction behind the header. */
function startsOf(programs: ArchitectureProgram[]): Map<number, number> {
  const starts = new Map<number, number>();
  let start = 0;
  for (const { token, program } of programs) {
    starts.set(token, start);
    start += program.length / INSTRUCTION_SIZE;
  }
  return starts;
}

function headerFor(programs: ArchitectureProgram[], starts: Map<number, number>, length: number): Instruction[] {
  const header: Instruction[] = [[LOAD, 0, 0, ARCHITECTURE_OFFSET]];
  // Counted from the instruction behind it.
  const jumpTo = (token: number) => header.push([JUMP, 0, 0, length + (starts.get(token) ?? 0) - header.length - 1]);
  for (const { token } of programs) {
    if (token === X32 && starts.has(X86_64)) continue;
    const isShared = token === X86_64 && starts.has(X32);
    header.push([JUMP_IF_EQUAL, 0, isShared ? 4 : 1, token === X32 ? X86_64 : token]);
    if (isShared) {
      header.push([LOAD, 0, 0, NUMBER_OFFSET], [JUMP_IF_AT_LEAST, 0, 1, X32_SYSCALL_BIT]);
      jumpTo(X32);
    }
    jumpTo(token);
  }
  header.push([RETURN, 0, 0, SCMP_ACT_KILL]);
  return header;
}

function encode(instructions: Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(instructions.length * INSTRUCTION_SIZE));
  instructions.forEach(([code, ifTrue, ifFalse, value], index) => {
    view.setUint16(index * INSTRUCTION_SIZE, code, true);
    view.setUint8(index * INSTRUCTION_SIZE + 2, ifTrue);
    view.setUint8(index * INSTRUCTION_SIZE + 3, ifFalse);
    view.setUint32(index * INSTRUCTION_SIZE + 4, value, true);
  });
  return new Uint8Array(view.buffer);
}
