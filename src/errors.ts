// The errors that reach the user. Each ends as one line with the root cause in it (docs/architecture.md, "Errors").
import { SyscallError } from '../bindings/errno.ts';

const LONGEST = 256;

/** A value that comes from outside, cut to what one line can hold. */
export function shorten(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1).toWellFormed()}…`;
}

/** A text without what would move a terminal's cursor or turn the direction of writing around. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u${char.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  );
}

/** An error meant for the user: what was being done, why it failed, and a cure where one is known. */
export class RuntimeError extends Error {
  override readonly name: string = 'RuntimeError';
  readonly steps: string[];
  readonly reason: string;
  readonly hint: string | undefined;
  readonly errno: string | undefined;

  constructor(reason: string, options: { steps?: string[]; hint?: string; errno?: string; cause?: unknown } = {}) {
    super(reason, { cause: options.cause });
    this.reason = reason;
    this.steps = options.steps ?? [];
    this.hint = options.hint;
    this.errno = options.errno;
  }

  /** One line (`line` is a property that the engine gives every error): `create web1: mount /proc: fsmount EPERM — hint`. */
  get oneLine(): string {
    const line = [...this.steps, this.reason].join(': ');
    const whole = this.hint === undefined ? line : `${line} — ${this.hint}`;
    return printable(whole.replace(/\s*\n\s*/g, '; ').replace(/\S{257,}/g, shorten));
  }
}

/** A place in config.json that breaks a rule. */
export interface ConfigProblem {
  /** JSON pointer (RFC 6901), e.g. `/mounts/3/options`; empty for the whole document. */
  pointer: string;
  /** The offending value, shortened for one line; undefined when something is missing. */
  value?: string;
  /** What is wrong and what is allowed, e.g. `must be an absolute path`. */
  rule: string;
}

/** config.json is not acceptable; holds every problem that was found. */
export class ConfigError extends RuntimeError {
  override readonly name = 'ConfigError';
  constructor(readonly problems: ConfigProblem[]) {
    super(problems.map(describeProblem).join('; '), { steps: ['config.json'] });
  }
}

function describeProblem({ pointer, value, rule }: ConfigProblem): string {
  const place = pointer === '' ? '' : `${pointer}: `;
  return value === undefined ? `${place}${rule}` : `${place}${value} ${rule}`;
}

/** The container's status does not allow the command. */
export class StateError extends RuntimeError {
  override readonly name = 'StateError';
}

/** A hook that failed: could not be started, ended badly, or took too long. */
export class HookError extends RuntimeError {
  override readonly name = 'HookError';
}

/** The command line is wrong. */
export class UsageError extends RuntimeError {
  override readonly name = 'UsageError';
}

/**
 * Runs `action` and puts the name of the step in front of whatever error comes out of it.
 * Kernel errors become RuntimeErrors here; programmer mistakes (TypeError and the like) pass unchanged.
 */
export function step<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw withStep(name, error);
  }
}

/** The error with one more step in front; what is not a runtime or kernel error is returned as it is. */
export function withStep(name: string, error: unknown): unknown {
  const known = toRuntimeError(error);
  if (known === undefined) return error;
  known.steps.unshift(name);
  return known;
}

/** Kernel errors (from bindings or from node:fs) as RuntimeErrors; undefined for anything that is neither. */
export function toRuntimeError(error: unknown): RuntimeError | undefined {
  if (error instanceof RuntimeError) return error;
  if (error instanceof SyscallError) return callError(error.message, error.syscall, error.errno, error);
  if (isSystemError(error)) {
    const reason = [error.syscall, error.path, error.code].filter(Boolean).join(' ');
    return callError(reason, error.syscall, error.code, error);
  }
  return undefined;
}

/** The error of a failed system call, with a hint where one is known. */
export function callError(reason: string, call: string, errno: string, cause?: unknown): RuntimeError {
  // move_mount(2) says it of a mount that would be moved into itself.
  const hint = errno === 'ELOOP' && call !== 'move_mount' ? LINK_HINT : undefined;
  return new RuntimeError(reason, { errno, cause, ...(hint !== undefined && { hint }) });
}

const LINK_HINT = 'it leads over a symbolic link that is not followed here, such as those of /proc, or over too many';

interface SystemError extends Error {
  code: string;
  syscall: string;
  path?: string;
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}

/** The errno name of a failed call, whichever layer threw it; undefined for other errors. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof SyscallError || error instanceof RuntimeError) return error.errno;
  return isSystemError(error) ? error.code : undefined;
}

// Beside the errors: also what is none of ours can have some.
const failedUndos = new WeakMap<object, string[]>();

/** Undo steps that failed after an error; they never replace it. */
export function undoFailuresOf(error: unknown): string[] {
  return (error instanceof Error && failedUndos.get(error)) || [];
}

/** Attaches an undo step that failed. */
export function addUndoFailure(error: unknown, failure: string): void {
  if (error instanceof Error) failedUndos.set(error, [...undoFailuresOf(error), failure]);
}
