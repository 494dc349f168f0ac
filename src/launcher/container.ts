// A container's folder, its lock, and the brief that `create` has left in it.
import type { Label } from '../final/encoder.ts';
import type { Address, Slot } from '../final/memory.ts';
import { BRIEF, BRIEF_MAGIC, BRIEF_SIZE } from '../state/brief-layout.ts';
import type { Flow } from './flow.ts';
import { A, B } from './machine.ts';

const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const [LOCK_EX, LOCK_NB] = [2, 4];
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
const STATX_SIZE = 256;
const STATX_NLINK = 16;

/** Flags that have numbers of their own on each architecture: folders only, no links. */
const OPEN_FOLDER = { x64: 0o200000 | 0o400000, arm64: 0o40000 | 0o100000 } as const;

/** The container's folder, open, and its brief in memory. */
export interface Opened {
  folderFd: Slot;
  brief: Address;
}

/** Opens the container's folder and reads its brief. Whatever isn't as expected goes to the engine. */
export function openContainer(flow: Flow, folder: Address, engine: Label): Opened {
  const opened = openFolder(flow, folder, engine);
  readBrief(flow, opened, engine);
  return opened;
}

/** The same with the lock of operate/lock.ts: who has to wait for it, or gets that of a removed folder, goes to the engine. */
export function openLocked(flow: Flow, folder: Address, engine: Label): Opened {
  const opened = openFolder(flow, folder, engine);
  lock(flow, opened, { isGone: engine, engine });
  readBrief(flow, opened, engine);
  return opened;
}

/** Locks the open folder. Whoever has to wait for that goes to the engine. */
export function lock(
  flow: Flow,
  { folderFd }: Pick<Opened, 'folderFd'>,
  { isGone, engine }: { isGone: Label; engine: Label },
): void {
  const { machine, data } = flow;
  flow.callOr(engine, 'flock', [folderFd, LOCK_EX | LOCK_NB]);
  const stat = data.reserve(STATX_SIZE);
  const nothing = data.string('');
  flow.callOr(engine, 'statx', [folderFd, nothing, AT_EMPTY_PATH, STATX_BASIC_STATS, stat]);
  machine.keep(A, stat.plus(STATX_NLINK));
  machine.loadAt(A, A, 4);
  machine.jumpIfEqual(A, 0, isGone);
}

function openFolder(flow: Flow, folder: Address, engine: Label): Opened {
  const { machine, data } = flow;
  const opened = { folderFd: data.slot(), brief: data.reserve(BRIEF_SIZE) };
  flow.callOr(engine, 'openat', [AT_FDCWD, folder, OPEN_FOLDER[flow.architecture] | O_CLOEXEC, 0]);
  machine.keep(A, 'result');
  machine.save(opened.folderFd, A);
  return opened;
}

/**
 * Reads the brief. One that is cut off would be wrong about anything. Whatever is in the file's place is not waited for.
 */
export function readBrief(flow: Flow, { folderFd, brief }: Opened, engine: Label): void {
  const { machine, data } = flow;
  flow.callOr(engine, 'openat', [folderFd, data.string('created'), O_CLOEXEC | O_NONBLOCK, 0]);
  machine.keep(A, 'result');
  flow.callOr(engine, 'read', [A, brief, BRIEF_SIZE]);
  machine.keep(B, 'result');
  flow.call('close', [A]);
  expectHeader(flow, brief, { layout: BRIEF, magic: BRIEF_MAGIC }, engine);
}

/** What was read, B bytes of it, is a file of that kind, and all of it. */
export function expectHeader(
  flow: Flow,
  memory: Address,
  { layout, magic }: { layout: { magic: number; size: number }; magic: bigint },
  engine: Label,
): void {
  number(flow, memory, layout.magic);
  flow.machine.jumpUnlessEqual(A, magic, engine);
  number(flow, memory, layout.size);
  flow.machine.jumpUnlessEqual(A, B, engine);
}

/** A ← a number of the brief. */
export function number({ machine }: Flow, brief: Address, at: number): void {
  machine.keep(A, brief.plus(at));
  machine.loadAt(A, A, 8);
}

/** A ← where a text of the brief is, or go on at a label if there is none. */
export function text(flow: Flow, brief: Address, at: number, none?: Label): void {
  number(flow, brief, at);
  if (none !== undefined) flow.machine.jumpIfEqual(A, 0, none);
  flow.machine.add(A, brief);
}
