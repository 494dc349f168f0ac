// Keeps this engine as it is, for commands to come (docs/architecture.md, "The kept engine"). Runs in a process of its own,
// with nobody's words, environment or standard streams, but for the output: what is kept knows no secrets.
import { SIGKILL } from '../../bindings/constants.ts';
import { closeSync, openSync, readFileSync, readSync, writeSync } from '../../bindings/file-system.ts';
import { leaveHeap } from '../../bindings/memory.ts';
import { kill, wait } from '../../bindings/process.ts';
import { statSync } from '../../bindings/stat.ts';
import { FILE_WORDS, STACK_SIZE } from '../state/kept-engine-layout.ts';
import { type Departure, depart, prepareDeparture } from './departure.ts';
import { takeOver } from './going-on.ts';
import { imageOf, PAGE, type Part } from './image.ts';
import { type Area, isOfFile, isOfVdso, readAreas } from './memory-map.ts';
import { type ProcessState, readProcessState } from './process-state.ts';
import { rehearse } from './rehearse.ts';

const STANDARD_OUTPUT = 1;

/**
 * Keeps the engine in the file that is the standard output.
 * @param sources a digest of what runts was built from
 * @returns whether this is the engine that goes on, in another process
 */
export async function keepEngine(sources: bigint): Promise<boolean> {
  await rehearse();
  // What nobody needs any more is not to be kept.
  Bun.gc(true);
  leaveHeap();
  const departure = prepareDeparture();
  const state = readProcessState(departure.mailbox);
  const copy = depart(departure);
  if (copy === undefined) {
    takeOver(departure.mailbox);
    return true;
  }
  if (copy.pid < 0) throw new Error(`fork: ${copy.pid}`);
  try {
    write(image(copy, { departure, state, sources }));
  } finally {
    kill(copy.pid, SIGKILL);
    wait(copy.pid, { block: true });
  }
  return false;
}

interface Kept {
  departure: Departure;
  state: ProcessState;
  sources: bigint;
}

function image(copy: { pid: number; stack: number }, { departure, state, sources }: Kept): Uint8Array[] {
  const areas = readAreas(readFileSync(`/proc/${copy.pid}/smaps`, 'latin1')).map(withRoom);
  return imageOf({
    sources,
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'),
    areas,
    parts: readParts(copy.pid, areas),
    stateOf: (file) => statSync(file).words(FILE_WORDS),
    enginePath: process.execPath,
    calls: state.calls,
    stack: copy.stack,
    instruction: departure.instruction,
    threadId: state.threadId,
    mailbox: departure.mailbox,
  });
}

function withRoom(area: Area): Area {
  return area.name === '[stack]' ? { ...area, start: area.end - STACK_SIZE } : area;
}

function readParts(pid: number, areas: Area[]): Part[][] {
  const [pagemapFd, memoryFd] = [openSync(`/proc/${pid}/pagemap`, 'r'), openSync(`/proc/${pid}/mem`, 'r')];
  try {
    return areas.map((area) => (area.protection === 0 || isOfVdso(area) ? [] : partsOf(area, { pagemapFd, memoryFd })));
  } finally {
    closeSync(pagemapFd);
    closeSync(memoryFd);
  }
}

interface Memory {
  pagemapFd: number;
  memoryFd: number;
}

const zeros = new Uint8Array(PAGE);

function partsOf(area: Area, memory: Memory): Part[] {
  const own = ownPages(area, memory.pagemapFd);
  if (isOfFile(area) && own.length > 0 && (area.protection & WRITE) === 0) {
    return [{ start: area.start, content: contentAt(area.start, area.end - area.start, memory) }];
  }
  const parts = own.map((start) => ({ start, content: contentAt(start, PAGE, memory) }));
  // What is zero anyway doesn't have to be kept.
  return isOfFile(area) ? parts : parts.filter(({ content }) => Buffer.compare(content, zeros) !== 0);
}

const WRITE = 2;

function contentAt(start: number, size: number, { memoryFd }: Memory): Uint8Array {
  const content = new Uint8Array(size);
  let done = 0;
  while (done < size) done += readSync(memoryFd, content, done, size - done, start + done);
  return content;
}

/** Of the entries of a pagemap, admin-guide/mm/pagemap.rst: 8 bytes each; bits of the upper half. */
const ENTRY = 8;
const [PRESENT, SWAPPED, OF_FILE] = [1 << 31, 1 << 30, 1 << 29];
const CHUNK = 65_536;

// The addresses of pages that are the process's own: it has written to them, or read what nobody has written yet.
function ownPages({ start, end }: Area, pagemapFd: number): number[] {
  const pages: number[] = [];
  const entries = new Uint8Array(CHUNK * ENTRY);
  const view = new DataView(entries.buffer);
  for (let at = start; at < end; at += CHUNK * PAGE) {
    const count = Math.min(CHUNK, (end - at) / PAGE);
    readSync(pagemapFd, entries, 0, count * ENTRY, (at / PAGE) * ENTRY);
    for (let index = 0; index < count; index++) {
      const bits = view.getUint32(index * ENTRY + 4, true);
      if ((bits & (PRESENT | SWAPPED)) !== 0 && (bits & OF_FILE) === 0) pages.push(at + index * PAGE);
    }
  }
  return pages;
}

// The first part comes last: what is unfinished doesn't begin as a kept engine does.
function write([head = new Uint8Array(0), ...contents]: Uint8Array[]): void {
  let at = head.length;
  for (const content of contents) at += writeAt(STANDARD_OUTPUT, content, at);
  writeAt(STANDARD_OUTPUT, head, 0);
}

function writeAt(fd: number, content: Uint8Array, at: number): number {
  let done = 0;
  while (done < content.length) done += writeSync(fd, content, done, content.length - done, at + done);
  return done;
}
