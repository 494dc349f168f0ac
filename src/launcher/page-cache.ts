// Reads the engine's file into the page cache in huge pages, when it isn't there: after a boot, or once the kernel has
// taken its pages back. The kernel by itself reads a program in small pieces, where it runs: that takes 100 ms instead of
// 40 for the first start, and each start after it 2 ms more than with huge pages (src/huge-pages.ts).
import type { Operand } from '../final/memory.ts';
import type { Flow } from './flow.ts';
import { B } from './machine.ts';

const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;
/** Where a byte is asked for: what every start reads, the file's header and the middle of its most used code. */
const PROBES = [0, 26 * 2 ** 20];
const RWF_NOWAIT = 8;
const EAGAIN = 11;
const SEEK_END = 2;
const [PROT_READ, MAP_PRIVATE] = [1, 2];
const [MADV_HUGEPAGE, MADV_POPULATE_READ] = [14, 22];

/**
 * Reads the file at a path. Failures don't matter. Overwrites B.
 * preadv2(2) with RWF_NOWAIT tells what isn't in memory; madvise(2) makes the kernel read huge pages.
 */
export function readInHugePages(flow: Flow, path: Operand): void {
  const { machine, data } = flow;
  const [fd, size, memory] = [data.slot(), data.slot(), data.slot()];
  const [missing, there, done] = [machine.newLabel(), machine.newLabel(), machine.newLabel()];
  flow.callOr(done, 'openat', [AT_FDCWD, path, O_CLOEXEC, 0]);
  flow.saveResult(fd, B);
  const vector = data.pointers([data.reserve(1), 1]);
  for (const at of PROBES) {
    flow.call('preadv2', [fd, vector, 1, at, 0, RWF_NOWAIT]);
    machine.jumpIfResult(-EAGAIN, missing);
  }
  machine.jump(there);
  machine.label(missing);
  flow.call('lseek', [fd, 0, SEEK_END]);
  flow.saveResult(size, B);
  flow.callOr(there, 'mmap', [0, size, PROT_READ, MAP_PRIVATE, fd, 0]);
  flow.saveResult(memory, B);
  for (const advice of [MADV_HUGEPAGE, MADV_POPULATE_READ]) flow.call('madvise', [memory, size, advice]);
  flow.call('munmap', [memory, size]);
  machine.label(there);
  flow.call('close', [fd]);
  machine.label(done);
}
