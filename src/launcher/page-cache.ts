// Reads the engine's file into the page cache in huge pages, when it isn't there: after a boot, or once the kernel has
// taken its pages back. The kernel by itself reads a program in small pieces, where it runs: that takes 100 ms instead of
// 40 for the first start, and each start after it 2 ms more than with huge pages (src/huge-pages.ts).
import type { Operand } from '../final/memory.ts';
import type { Flow } from './flow.ts';
import { B, C } from './machine.ts';

const AT_FDCWD = -100;
/** O_NONBLOCK: a FIFO would wait for a writer; what it is, execve(2) decides. */
const [O_CLOEXEC, O_NONBLOCK] = [0o2000000, 0o4000];
/** The places that are looked at: what every start reads, the file's header and the middle of its most used code. */
const PROBES = [0, 26 * 2 ** 20];
const SEEK_END = 2;
const [PROT_READ, MAP_PRIVATE] = [1, 2];
const [MADV_HUGEPAGE, MADV_POPULATE_READ] = [14, 22];

/**
 * Reads the file at a path. Failures don't matter. Overwrites B and C.
 * mincore(2) tells what isn't in memory (preadv2(2) would, too, but begins to read it); to those who don't own the file
 * it says that all is. madvise(2) makes the kernel read huge pages.
 */
export function readInHugePages(flow: Flow, path: Operand): void {
  const { machine, data } = flow;
  const [fd, size, memory] = [data.slot(), data.slot(), data.slot()];
  const [missing, known, close, done] = [
    machine.newLabel(),
    machine.newLabel(),
    machine.newLabel(),
    machine.newLabel(),
  ];
  flow.callOr(done, 'openat', [AT_FDCWD, path, O_CLOEXEC | O_NONBLOCK, 0]);
  flow.saveResult(fd, B);
  flow.call('lseek', [fd, 0, SEEK_END]);
  flow.saveResult(size, B);
  flow.callOr(close, 'mmap', [0, size, PROT_READ, MAP_PRIVATE, fd, 0]);
  flow.saveResult(memory, B);
  const isThere = data.reserve(1);
  for (const at of PROBES) {
    machine.keep(B, memory);
    machine.add(B, at);
    flow.callOr(known, 'mincore', [B, 1, isThere]);
    machine.keep(C, isThere);
    machine.loadAt(C, C, 1);
    machine.lowestDigit(C, C);
    machine.jumpIfEqual(C, 0, missing);
  }
  machine.jump(known);
  machine.label(missing);
  for (const advice of [MADV_HUGEPAGE, MADV_POPULATE_READ]) flow.call('madvise', [memory, size, advice]);
  machine.label(known);
  flow.call('munmap', [memory, size]);
  machine.label(close);
  flow.call('close', [fd]);
  machine.label(done);
}
