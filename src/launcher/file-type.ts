// Whether something is a plain file: opening anything else may do something, and the engine would do it again.
import type { Label } from '../final/encoder.ts';
import type { Slot } from '../final/memory.ts';
import type { Flow } from './flow.ts';
import { C } from './machine.ts';

const AT_FDCWD = -100;
const STATX_BASIC_STATS = 0x7ff;
const STATX_SIZE = 256;
/** The upper byte of stx_mode: the type of the file is its upper digit. */
const STATX_TYPE = 29;
const REGULAR = 8;
const ENOENT = 2;

/** Not even a link that leads to one. */
export const AT_SYMLINK_NOFOLLOW = 0x100;

/** Goes on at a label unless a path leads to a regular file; at `missing` if it leads nowhere. Overwrites C. */
export function expectFile(
  flow: Flow,
  path: Slot,
  { flags = 0, missing, otherwise }: { flags?: number; missing: Label; otherwise: Label },
): void {
  const { machine, data } = flow;
  const stat = data.reserve(STATX_SIZE);
  flow.call('statx', [AT_FDCWD, path, flags, STATX_BASIC_STATS, stat]);
  machine.jumpIfResult(-ENOENT, missing);
  machine.jumpIfFailed(otherwise);
  machine.keep(C, stat.plus(STATX_TYPE));
  machine.loadAt(C, C, 1);
  machine.dropDigit(C);
  machine.jumpUnlessEqual(C, REGULAR, otherwise);
}
