// An attempt to keep the engine: a locked file for it, which says how often that has been tried.
import * as K from '../../bindings/constants.ts';
import { closeSync, fchmodSync, openSync, readUpTo, writeSync } from '../../bindings/file-system.ts';
import { flock } from '../../bindings/files.ts';
import { fstatSync, statSync } from '../../bindings/stat.ts';
import { trySyscall } from '../../bindings/syscall.ts';
import { errnoOf } from '../errors.ts';

/** Whoever tries may be killed, or be short of something; addresses may be taken. */
const MOST_ATTEMPTS = 3;

export interface Attempt {
  /** The file, which is locked for as long as this, or a copy of it, is open. */
  fd: number;
  note: string;
}

/**
 * Begins one.
 * @param path of the file
 * @param what is tried: attempts at something else don't count
 * @returns undefined if somebody else is at it, or it has been tried often enough
 * @throws SyscallError
 */
export function beginAttempt(path: string, what: string): Attempt | undefined {
  const fd = openSync(path, K.O_RDWR | K.O_CREAT | K.O_NOFOLLOW | K.O_NONBLOCK, 0o600);
  const note = isAlone(fd, path) ? nextNote(fd, what) : undefined;
  if (note === undefined) {
    closeSync(fd);
    return undefined;
  }
  fchmodSync(fd, 0o600);
  const attempt = { fd, note };
  leaveNote(attempt);
  return attempt;
}

/** Nothing stays in the file but the note. */
export function leaveNote({ fd, note }: Attempt): void {
  trySyscall('ftruncate', fd, 0);
  writeSync(fd, new TextEncoder().encode(note), 0, note.length, 0);
}

function nextNote(fd: number, what: string): string | undefined {
  const text = new TextDecoder().decode(readUpTo(fd, MOST_ATTEMPTS * what.length));
  let note = what;
  while (text.startsWith(note)) note += what;
  return note.length > MOST_ATTEMPTS * what.length ? undefined : note;
}

// What has been finished meanwhile has another name.
function isAlone(fd: number, path: string): boolean {
  try {
    flock(fd, K.LOCK_EX | K.LOCK_NB);
    return fstatSync(fd).ino === statSync(path).ino;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EAGAIN' || errno === 'ENOENT') return false;
    throw error;
  }
}
