// Failed kernel calls as exceptions: which call, why (the errno's name), on what.
import { errnoName } from './constants.ts';

/** A failed kernel call: which one, why, and on what. */
export class SyscallError extends Error {
  override readonly name = 'SyscallError';
  /** The errno's name, e.g. `EPERM`. */
  readonly errno: string;
  constructor(
    readonly syscall: string,
    errno: number | string,
    readonly path?: string,
  ) {
    const name = typeof errno === 'string' ? errno : errnoName(errno);
    super([syscall, path, name].filter(Boolean).join(' '));
    this.errno = name;
  }
}
