// What the kernel knows of a process beside its memory, as calls that make it so: descriptors of the engine's own, signals,
// the stack for their handlers, the thread's pointer.
import { readFileSync, readlinkSync } from '../../bindings/file-system.ts';
import { readMemory, writeMemory } from '../../bindings/memory.ts';
import { readdirSync } from '../../bindings/stat.ts';
import { trySyscall } from '../../bindings/syscall.ts';
import { type SyscallName, syscallNumber } from '../../bindings/syscalls.ts';
import { MAILBOX_SIZE, SPACE } from './departure.ts';
import type { CallRow } from './image.ts';

const NAME = 'runts-engine';
const [PR_SET_NAME, ARCH_SET_FS, ARCH_GET_FS] = [15, 0x1002, 0x1003];
const EPOLL_CTL_ADD = 1;
const LAST_SIGNAL = 64;
/** The kernel's struct sigaction, and its mask. */
const [ACTION_SIZE, MASK_SIZE] = [32, 8];
const STACK_T_SIZE = 24;
const PTHREAD_SIZE = 2048;

export interface ProcessState {
  calls: CallRow[];
  /** The address at which the C library keeps the thread's id. */
  threadId: number;
}

/**
 * Reads it. What the calls point at is put behind the mailbox.
 * @throws Error if there's something that can't be made again
 */
export function readProcessState(mailbox: number): ProcessState {
  const threads = readdirSync('/proc/self/task');
  if (threads.length !== 1) throw new Error(`there are ${threads.length} threads`);
  const space = new Space(mailbox);
  const pointer = threadPointer();
  const calls = [
    ...descriptors(space),
    ...signals(space),
    row('sigaltstack', [space.put(alternateStack())], 0),
    row('prctl', [PR_SET_NAME, space.put(new TextEncoder().encode(`${NAME}\0`))], 0),
    row('arch_prctl', [ARCH_SET_FS, pointer], 0),
  ];
  return { calls, threadId: threadIdAt(Number(pointer)) };
}

function row(name: SyscallName, [a, b = 0, c = 0, d = 0]: (number | bigint)[], expected: number): CallRow {
  return [syscallNumber(name, 'x64'), a ?? 0, b, c, d, 0, 0, expected];
}

/** Memory beside the mailbox. */
class Space {
  #next: number;
  readonly #end: number;

  constructor(mailbox: number) {
    this.#next = mailbox + SPACE;
    this.#end = mailbox + MAILBOX_SIZE;
  }

  put(bytes: Uint8Array): number {
    const at = this.#next;
    this.#next = at + ((bytes.length + 7) & ~7);
    if (this.#next > this.#end) throw new Error('there is no room beside the mailbox');
    writeMemory(at, bytes);
    return at;
  }
}

// Those of its event loop, proc_pid_fdinfo(5). Others can't be made again.
function descriptors(space: Space): CallRow[] {
  const calls: CallRow[] = [];
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    const link = fd > 2 ? linkOf(name) : undefined;
    if (link === undefined) continue;
    const info = readFileSync(`/proc/self/fdinfo/${name}`, 'latin1');
    const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? '', 8);
    if (link === 'anon_inode:[eventpoll]') calls.push(row('epoll_create1', [flags & O_CLOEXEC], fd));
    else if (link === 'anon_inode:[eventfd]') calls.push(row('eventfd2', [0, flags & (O_CLOEXEC | O_NONBLOCK)], fd));
    else throw new Error(`there is the descriptor ${fd} of ${link}`);
    for (const [, target = '', events = '', data = ''] of info.matchAll(
      /^tfd:\s*(\d+) events:\s*(\w+) data:\s*(\w+)/gm,
    )) {
      const event = new DataView(new ArrayBuffer(12)); // packed on x86_64
      event.setUint32(0, Number.parseInt(events, 16), true);
      event.setBigUint64(4, BigInt(`0x${data}`), true);
      const place = space.put(new Uint8Array(event.buffer));
      calls.push(row('epoll_ctl', [fd, EPOLL_CTL_ADD, Number(target), place], 0));
    }
  }
  // What is looked at has to be there.
  const isControl = ([number]: CallRow): boolean => number === syscallNumber('epoll_ctl', 'x64');
  return [...calls.filter((call) => !isControl(call)), ...calls.filter(isControl)];
}

const [O_CLOEXEC, O_NONBLOCK] = [0o2000000, 0o4000];

// The folder's own descriptor is closed by now.
function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

function signals(space: Space): CallRow[] {
  const calls: CallRow[] = [];
  for (let signal = 1; signal <= LAST_SIGNAL; signal++) {
    const action = new Uint8Array(ACTION_SIZE);
    if (trySyscall('rt_sigaction', signal, 0, action, MASK_SIZE) !== 0 || action.every((byte) => byte === 0)) continue;
    calls.push(row('rt_sigaction', [signal, space.put(action), 0, MASK_SIZE], 0));
  }
  return calls;
}

function alternateStack(): Uint8Array {
  const stack = new Uint8Array(STACK_T_SIZE);
  trySyscall('sigaltstack', 0, stack);
  return stack;
}

function threadPointer(): bigint {
  const pointer = new Uint8Array(8);
  trySyscall('arch_prctl', ARCH_GET_FS, pointer);
  return new DataView(pointer.buffer).getBigUint64(0, true);
}

// In its struct pthread, whose first address is the thread's pointer.
function threadIdAt(pointer: number): number {
  const view = new DataView(readMemory(pointer, PTHREAD_SIZE).buffer);
  const pid = BigInt(trySyscall('getpid'));
  const places: number[] = [];
  for (let at = 0; at + 8 <= PTHREAD_SIZE; at += 8) if (view.getBigUint64(at, true) === pid) places.push(at);
  const [place] = places;
  if (place === undefined || places.length > 1) throw new Error('the thread has its id nowhere, or at several places');
  return pointer + place;
}
