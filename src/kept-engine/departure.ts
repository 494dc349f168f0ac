// The moment in which the engine is kept: a copy of this process waits, so that its memory can be read; whoever goes on
// with that memory comes from here, a second time.
import { callCode, readMemory, writeMemory } from '../../bindings/memory.ts';
import { architecture, trySyscall } from '../../bindings/syscall.ts';
import { MAILBOX } from '../state/kept-engine-layout.ts';

const PAGE = 4096;
/** mmap(2) and mprotect(2). */
const [PROT_READ, PROT_WRITE, PROT_EXEC, MAP_PRIVATE, MAP_ANONYMOUS] = [1, 2, 4, 2, 0x20];

/** System V x86-64 psABI, 3.2.1: rbx, rbp and r12 to r15 belong to the caller; the argument is in rdi, the mailbox. */
const CODE = [
  [0x53], // push rbx
  [0x55], // push rbp
  [0x41, 0x54], // push r12
  [0x41, 0x55], // push r13
  [0x41, 0x56], // push r14
  [0x41, 0x57], // push r15
  [0x48, 0x89, 0x27], // mov [rdi], rsp
  [0xb8, 57, 0, 0, 0], // mov eax, fork
  [0x0f, 0x05], // syscall
  [0x48, 0x89, 0x47, 0x08], // mov [rdi + 8], rax
  [0x48, 0x85, 0xc0], // test rax, rax
  [0x75, 0x1a], // jnz departure
  [0xbf, 1, 0, 0, 0], // the copy: mov edi, PR_SET_PDEATHSIG
  [0xbe, 9, 0, 0, 0], // mov esi, SIGKILL
  [0xb8, 157, 0, 0, 0], // mov eax, prctl
  [0x0f, 0x05], // syscall
  [0xb8, 34, 0, 0, 0], // wait: mov eax, pause
  [0x0f, 0x05], // syscall
  [0xeb, 0xf7], // jmp wait
  [0x31, 0xc0], // departure: xor eax, eax
  [0x41, 0x5f], // pop r15
  [0x41, 0x5e], // pop r14
  [0x41, 0x5d], // pop r13
  [0x41, 0x5c], // pop r12
  [0x5d], // pop rbp
  [0x5b], // pop rbx
  [0xc3], // ret
];
const bytes = Uint8Array.from(CODE.flat());
const DEPARTURE = bytes.length - 13;
const [STACK, COPY] = [0, 8];

/** Where a kept engine goes on, and what tells it that it does. */
export interface Departure {
  /** Two pages of memory, beside the code's: words for MAILBOX, and what else is needed, from SPACE on. */
  mailbox: number;
  instruction: number;
  code: { start: number; size: number };
}
export const MAILBOX_SIZE = 2 * PAGE;
export const SPACE = 128;

/** Prepares it. Only for x86_64. */
export function prepareDeparture(): Departure {
  if (architecture !== 'x64') throw new Error('the engine can be kept on x86_64 only');
  const code = map(PAGE);
  writeMemory(code, bytes);
  const result = trySyscall('mprotect', code, PAGE, PROT_READ | PROT_EXEC);
  if (result !== 0) throw new Error(`mprotect: ${result}`);
  return { mailbox: map(MAILBOX_SIZE), instruction: code + DEPARTURE, code: { start: code, size: PAGE } };
}

function map(size: number): number {
  const address = trySyscall('mmap', 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address < 0) throw new Error(`mmap: ${address}`);
  return address;
}

/**
 * Makes the copy.
 * @returns its pid and stack pointer; nothing to who goes on with its memory
 */
export function depart({ mailbox, code }: Departure): { pid: number; stack: number } | undefined {
  callCode(code.start, mailbox);
  if (word(mailbox, MAILBOX.goesOn) === 1) return undefined;
  return { pid: word(mailbox, COPY), stack: word(mailbox, STACK) };
}

/** A number in the mailbox. */
export function word(mailbox: number, at: number): number {
  return Number(new DataView(readMemory(mailbox + at, 8).buffer).getBigInt64(0, true));
}
