// The log: --log FILE and --log-format, in runc's shape, so that managers find the message; warnings; debug on demand.
import { openSync, writeSync } from '../bindings/file-system.ts';
import { fstatSync } from '../bindings/stat.ts';
import { printable, step } from './errors.ts';

export interface LogOptions {
  /** A file to append to; without it warnings go to standard error. */
  file: string | undefined;
  format: 'text' | 'json';
  isDebug: boolean;
}

type Level = 'debug' | 'info' | 'warning' | 'error';

let options: LogOptions = { file: undefined, format: 'text', isDebug: false };
let fileFd: number | undefined;
let debugSink: ((text: string) => void) | undefined;

/** Sets where the log goes. Throws if the file can't be opened. */
export function configureLog(chosen: LogOptions, debug?: (text: string) => void): void {
  options = chosen;
  debugSink = debug;
  const { file } = chosen;
  if (file !== undefined) fileFd = step(`log ${file}`, () => openSync(file, 'a', 0o600));
}

/** One entry as it's written to the log file. Text has logfmt's shape: time="…" level=error msg="…". */
export function formatEntry(level: Level, msg: string, format: LogOptions['format'], time = new Date()): string {
  const stamp = time.toISOString();
  if (format === 'json') return `${JSON.stringify({ level, msg, time: stamp })}\n`;
  return `time=${JSON.stringify(stamp)} level=${level} msg=${JSON.stringify(msg)}\n`;
}

function record(level: Level, msg: string): void {
  if (fileFd !== undefined) writeAll(fileFd, formatEntry(level, msg, options.format));
}

/** A warning: something was asked for and not done, and the specification says to go on. */
export function warn(msg: string): void {
  const line = printable(msg);
  record('warning', line);
  if (options.file === undefined) writeAll(2, `runts: warning: ${line}\n`);
}

/** The error that ends this process: into the log; printing it is main's job. */
export function logError(msg: string): void {
  record('error', msg);
}

/** A detail for who looks for a fault: only with --debug or DEBUG. */
export function debug(msg: () => string): void {
  if (options.isDebug) record('debug', msg());
  debugSink?.(msg());
}

/** Whether nobody would miss the log, were it closed now and opened again, perhaps: there's none, or it's a file. */
export function isLogPlain(): boolean {
  const isDebugging = options.isDebug || debugSink !== undefined;
  return !isDebugging && (fileFd === undefined || fstatSync(fileFd).isFile());
}

/** Writes all of a text to a descriptor. */
export function writeText(fd: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

/** The same where nothing can be done if it fails. Returns whether it didn't. */
export function writeAll(fd: number, text: string): boolean {
  try {
    writeText(fd, text);
    return true;
  } catch {
    // EPIPE, EBADF: there is no other place to say it.
    return false;
  }
}
