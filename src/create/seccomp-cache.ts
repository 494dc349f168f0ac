// Filters that were made before. libseccomp takes milliseconds for a profile of a manager's, and a manager has one
// profile for all its containers: what was made is kept beside the containers' folders, under a name that no container
// can have. It's lost with the state, at the next boot.
import * as K from '../../bindings/constants.ts';
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from '../../bindings/file-system.ts';
import { LIBSECCOMP } from '../../bindings/libseccomp.ts';
import { fstatSync, readdirSync, statSync } from '../../bindings/stat.ts';
import { toRuntimeError } from '../errors.ts';
import { debug } from '../log.ts';
import type { SeccompPlan } from '../plan/seccomp.ts';

/** Not a character of a container id. */
const PREFIX = 'seccomp:';
const MAX_FILES = 32;
/** In front of the key its length, at the end a sum of all. */
const LENGTH_SIZE = 4;
const SUM_SIZE = 8;
const INSTRUCTION_SIZE = 8;
/** More than the largest filter with a long profile. */
const MAX_SIZE = 2 ** 20;

/** Where distributions have it. Elsewhere filters are made anew. */
const LIBRARY_FOLDERS = [
  `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`,
  '/usr/lib64',
  '/usr/lib',
];

export interface FoundFilter {
  filter: Uint8Array;
  /** Keeps one that is new: for when there's time. */
  keep(): void;
}

/** The filter for a profile: one that was made by the same program with the same library and kernel, or a new one. */
export function findFilter(root: string, plan: SeccompPlan, make: () => Uint8Array): FoundFilter {
  const library = identityOfLibrary();
  if (library === undefined) return { filter: make(), keep: () => {} };
  const makers = [library, identityOf(process.execPath), readFileSync('/proc/sys/kernel/osrelease', 'latin1')];
  const key = keyOf(makers, plan);
  const path = `${root}/${PREFIX}${Bun.hash(key).toString(16).padStart(16, '0')}`;
  // Looked for first: an exception takes longer.
  const known = existsSync(path) ? attempt(() => load(path, key)) : undefined;
  if (known !== undefined) return { filter: known, keep: () => {} };
  const filter = make();
  return { filter, keep: () => attempt(() => save(root, path, { key, filter })) };
}

// A cache that can't be used costs time, nothing else.
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    const known = toRuntimeError(error);
    if (known === undefined) throw error;
    if (known.errno !== 'ENOENT') debug(() => `seccomp cache: ${known.oneLine}`);
    return undefined;
  }
}

function identityOfLibrary(): string | undefined {
  // ld.so(8) may look elsewhere first.
  if (process.env.LD_LIBRARY_PATH !== undefined || process.env.LD_PRELOAD !== undefined) return undefined;
  for (const folder of LIBRARY_FOLDERS) {
    const identity = identityOf(`${folder}/${LIBSECCOMP}`);
    if (identity !== undefined) return identity;
  }
  return undefined;
}

// A file that is replaced by another version has another inode, and a time of its own.
function identityOf(path: string): string | undefined {
  return attempt(() => {
    const { dev, ino, size, ctime } = statSync(path);
    return [path, dev, ino, size, ctime].join(' ');
  });
}

function keyOf(makers: (string | undefined)[], { defaultAction, architectures, rules }: SeccompPlan): string {
  // As JSON, in which no name can pass for two.
  const profile = rules.map(({ action, names, alternatives }) => [
    action,
    names,
    alternatives.map((all) => all.map(({ argument, operator, a, b }) => `${argument} ${operator} ${a} ${b}`)),
  ]);
  return JSON.stringify([makers, defaultAction, architectures.map(({ name }) => name), profile]);
}

// A file that is cut off or damaged is not taken, nor one for another key whose name is the same.
function load(path: string, key: string): Uint8Array | undefined {
  const fd = openSync(path, K.O_RDONLY | K.O_NOFOLLOW | K.O_NONBLOCK);
  try {
    const { size, uid, mode } = fstatSync(fd);
    // Somebody else's, where the state's folder is open to all.
    if (uid !== process.geteuid?.() || (mode & 0o022) !== 0 || size > MAX_SIZE) return undefined;
    const content = new Uint8Array(size);
    readSync(fd, content, 0, size, 0);
    return content.length < SUM_SIZE ? undefined : filterIn(content, key);
  } finally {
    closeSync(fd);
  }
}

function filterIn(content: Uint8Array, key: string): Uint8Array | undefined {
  const view = new DataView(content.buffer);
  const end = content.length - SUM_SIZE;
  if (Bun.hash(content.subarray(0, end)) !== view.getBigUint64(end, true)) return undefined;
  const start = LENGTH_SIZE + view.getUint32(0, true);
  if (new TextDecoder().decode(content.subarray(LENGTH_SIZE, start)) !== key) return undefined;
  const filter = content.subarray(start, end);
  return filter.length > 0 && filter.length % INSTRUCTION_SIZE === 0 ? filter : undefined;
}

function contentOf({ key, filter }: { key: string; filter: Uint8Array }): Uint8Array {
  const text = new TextEncoder().encode(key);
  const start = LENGTH_SIZE + text.length;
  const content = new Uint8Array(start + filter.length + SUM_SIZE);
  const view = new DataView(content.buffer);
  view.setUint32(0, text.length, true);
  content.set(text, LENGTH_SIZE);
  content.set(filter, start);
  const end = content.length - SUM_SIZE;
  view.setBigUint64(end, BigInt(Bun.hash(content.subarray(0, end))), true);
  return content;
}

function save(root: string, path: string, made: { key: string; filter: Uint8Array }): void {
  const old = readdirSync(root).filter((name) => name.startsWith(PREFIX));
  if (old.length >= MAX_FILES) for (const name of old) attempt(() => unlinkSync(`${root}/${name}`));
  const temporary = `${path}.${process.pid}`;
  try {
    writeFileSync(temporary, contentOf(made), { mode: 0o600, flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    attempt(() => unlinkSync(temporary));
    throw error;
  }
}
