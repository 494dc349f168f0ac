// Several seccomp programs, for some system calls of one architecture each, as one: a few instructions in front choose, or
// decide themselves. Each program is complete by itself and checks once more what architecture it was chosen by.
import { CONDITIONAL } from './seccomp-groups.ts';

/** One architecture's programs. */
export interface ArchitecturePrograms {
  /** AUDIT_ARCH_*, or libseccomp's own number for x32. */
  token: number;
  /** Ascending by `from`. */
  ranges: ProgramRange[];
}

/** From this system call's number on, up to the next range's, an action is taken; or a program decides. */
export interface ProgramRange {
  from: number;
  /** SECCOMP_RET_*, or CONDITIONAL. */
  action: number;
  /** The index of the program's first instruction. */
  start: number;
}

export const INSTRUCTION_SIZE = 8;

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

/**
 * The program for all; what belongs to no architecture is killed, as libseccomp has it.
 * @param programs arrays of struct sock_filter, one behind the other
 */
export function joinPrograms(architectures: ArchitecturePrograms[], programs: Uint8Array): Uint8Array {
  if (architectures.length === 1 && architectures[0]?.ranges.length === 1) return programs;
  const header = new Header(architectures).finish();
  const joined = new Uint8Array(header.length + programs.length);
  joined.set(header);
  joined.set(programs, header.length);
  return joined;
}

/** The instructions that choose. */
class Header {
  /** Two for each instruction. */
  readonly #words: number[] = [];
  /** Which of them are jumps to a program's start. */
  readonly #jumps: { index: number; start: number }[] = [];

  constructor(architectures: ArchitecturePrograms[]) {
    const x32 = architectures.find(({ token }) => token === X32)?.ranges;
    const hasX86 = architectures.some(({ token }) => token === X86_64);
    this.#add(LOAD, ARCHITECTURE_OFFSET);
    for (const { token, ranges } of architectures) {
      if (token !== X32) this.#architecture(token, ranges, token === X86_64 ? x32 : undefined);
      else if (!hasX86) this.#architecture(X86_64, ranges, undefined);
    }
    this.#add(RETURN, SCMP_ACT_KILL);
  }

  finish(): Uint8Array {
    const words = new Uint32Array(this.#words);
    // Counted from the instruction behind it.
    for (const { index, start } of this.#jumps) words[2 * index + 1] = words.length / 2 + start - index - 1;
    return new Uint8Array(words.buffer);
  }

  #add(code: number, value: number, ifTrue = 0, ifFalse = 0): void {
    this.#words.push(code | (ifTrue << 16) | (ifFalse << 24), value);
  }

  #architecture(token: number, ranges: ProgramRange[], x32: ProgramRange[] | undefined): void {
    const size = searchSize(ranges.length);
    const all = x32 === undefined ? size : size + searchSize(x32.length) + 2;
    this.#add(JUMP_IF_EQUAL, token, 1);
    this.#add(JUMP, all + 1);
    this.#add(LOAD, NUMBER_OFFSET);
    if (x32 !== undefined) {
      this.#add(JUMP_IF_AT_LEAST, X32_SYSCALL_BIT, 0, 1);
      this.#add(JUMP, size);
    }
    this.#search(ranges, 0, ranges.length);
    if (x32 !== undefined) this.#search(x32, 0, x32.length);
  }

  /** A binary search for the number, in the ranges from `first` to before `end`. */
  #search(ranges: ProgramRange[], first: number, end: number): void {
    const middle = (first + end) >> 1;
    const [low, high] = [ranges[first], ranges[middle]];
    if (low === undefined || high === undefined) throw new Error('there is no program');
    if (middle === first) {
      this.#decide(low);
      return;
    }
    const size = searchSize(middle - first);
    if (size <= LONGEST_BRANCH) this.#add(JUMP_IF_AT_LEAST, high.from, size);
    else {
      this.#add(JUMP_IF_AT_LEAST, high.from, 0, 1);
      this.#add(JUMP, size);
    }
    this.#search(ranges, first, middle);
    this.#search(ranges, middle, end);
  }

  #decide({ action, start }: ProgramRange): void {
    if (action === CONDITIONAL) this.#jumps.push({ index: this.#words.length / 2, start });
    this.#add(action === CONDITIONAL ? JUMP : RETURN, action === CONDITIONAL ? 0 : action);
  }
}

/** A conditional jump goes no further; an unconditional one does. */
const LONGEST_BRANCH = 255;

/** How many instructions a search takes. */
function searchSize(count: number): number {
  if (count <= (LONGEST_BRANCH + 1) / 2) return 2 * count - 1;
  const low = searchSize(count >> 1);
  return (low <= LONGEST_BRANCH ? 1 : 2) + low + searchSize(count - (count >> 1));
}
