// Paths inside the container, for the program that sets it up. The root file system may be hostile: every path is
// resolved by openat2 within the root, and what was found is used by descriptor, never again by name (CVE-2021-30465,
// CVE-2019-19921).
import * as K from '../../bindings/constants.ts';
import type { Event } from '../final/event.ts';
import type { Address, Operand, Slot } from '../final/memory.ts';
import { ENOENT, type Script } from '../final/script.ts';
import type { Words } from '../final/steps.ts';
import type { FileSystems } from './file-systems.ts';

/** Symbolic links stay inside the root; magic links (/proc/self/fd/7, /proc/self/exe) are refused. */
export const IN_ROOT = K.RESOLVE_IN_ROOT | K.RESOLVE_NO_MAGICLINKS;

const SLASH = '/'.charCodeAt(0);

/** A path of the container as openat2(2) wants it: relative to the root's descriptor. */
export function relative(path: string): string {
  let start = 0;
  while (path.charCodeAt(start) === SLASH) start++;
  return start === path.length ? '.' : path.slice(start);
}

/** The folder and the name of a path's last component. */
export function split(path: string): { parent: string; name: string } {
  const trimmed = withoutEndingSlashes(path);
  const slash = trimmed.lastIndexOf('/');
  return { parent: slash <= 0 ? '/' : trimmed.slice(0, slash), name: trimmed.slice(slash + 1) };
}

// Not by regular expressions: every path comes here, and without a compiler they're slow.
function withoutEndingSlashes(path: string): string {
  let end = path.length;
  while (path.charCodeAt(end - 1) === SLASH) end--;
  return path.slice(0, end);
}

const OPEN_HOW_SIZE = 24;
const MAX_FRESH = 50;
/** As IN_ROOT, and no symbolic links at all. */
export const IN_ROOT_PLAIN = IN_ROOT | K.RESOLVE_NO_SYMLINKS;

/** Where a script goes on after a failure with that errno. */
export interface Branch {
  errno: number;
  label: string;
}

export interface OpenOptions {
  flags?: number;
  /** RESOLVE_* of openat2(2). */
  resolve?: number;
  missing?: string;
  gotoOn?: Branch[];
  /** What to ask the runtime for if it does not exist. */
  ask?: Event;
  /** For the error. */
  path?: Words;
}

/** The container's root in a script: what paths are resolved in. */
export class Root {
  readonly #how = new Map<string, Address>();
  /** Mounts of this script that are empty when they are made: destination → descriptor. */
  readonly #fresh = new Map<string, Slot>();

  constructor(
    readonly script: Script,
    /** Holds the root's descriptor. */
    readonly fd: Slot,
    readonly fileSystems: FileSystems,
  ) {}

  /**
   * Opens a path without access (O_PATH), following symbolic links within the root.
   * @param missing where to go on if it does not exist
   */
  open(path: string, into: Slot, options: OpenOptions = {}): void {
    options.path = path;
    this.openAt(this.script.string(relative(path)), into, options);
  }

  /** The same with an operand: the address of what `relative` makes of the path. */
  openAt(entry: Operand, into: Slot, options: OpenOptions): void {
    const { flags = K.O_PATH, resolve = IN_ROOT, missing, ask, path } = options;
    const gotoOn =
      missing === undefined ? options.gotoOn : [...(options.gotoOn ?? []), { errno: ENOENT, label: missing }];
    const args = [this.fd, entry, this.#openHow(flags, resolve), OPEN_HOW_SIZE];
    // A rename or a mount anywhere on the host makes a scoped lookup of ".." give up: openat2(2) says try again.
    this.script.call('openat2', args, { path, save: into, gotoOn, ask, again: 'busy' });
  }

  /** Opens a path, and makes what is missing of it: directories, and at the end a directory or an empty file. */
  make(path: string, entry: 'directory' | 'file', into: Slot, resolve = IN_ROOT): void {
    this.#makeInFresh(path, entry);
    this.open(path, into, { resolve, ask: { type: 'makePath', path, entry } });
  }

  /** Notes a mount that has nothing in it yet. Returns whether its descriptor is to stay open: of the first ones. */
  noteFresh(destination: string, fd: Slot): boolean {
    if (this.#fresh.size >= MAX_FRESH) return false;
    this.#fresh.set(withoutEndingSlashes(destination), fd);
    return true;
  }

  // Saves asking the runtime in the most common case, /dev/pts and the like. Whether it has worked shows when the path
  // is opened.
  #makeInFresh(path: string, entry: 'directory' | 'file'): void {
    const { parent, name } = split(path);
    const fd = this.#fresh.get(parent);
    if (fd === undefined || entry !== 'directory') return;
    this.script.call('mkdirat', [fd, this.script.string(name), 0o755], { path, ignore: true });
  }

  #openHow(flags: number, resolve: number): Address {
    const key = `${flags} ${resolve}`;
    const known = this.#how.get(key);
    if (known !== undefined) return known;
    const how = this.script.words(flags | K.O_CLOEXEC, 0, resolve);
    this.#how.set(key, how);
    return how;
  }
}
