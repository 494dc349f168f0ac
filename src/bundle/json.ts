// Reads JSON files: integers stay exact up to 64 bits, and each way to be malformed has one clear line.
import { RuntimeError } from '../errors.ts';
import { type Fault, findFault, MAX_DEPTH } from './json-syntax.ts';

/** A file with more bytes is refused. */
export const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Parses JSON (RFC 8259). Integers beyond 2^53 come back as bigint, everything else as JSON.parse gives it. Duplicate
 * keys are refused: parsers disagree on which one counts, so what was checked might not be what is used.
 * @param name what the text is called in errors, e.g. `config.json`
 */
export function parseJson(bytes: Uint8Array, name: string): unknown {
  const refuse = (reason: string) => new RuntimeError(reason, { steps: [name] });
  if (bytes.length === 0) throw refuse('is empty, must be JSON');
  if (bytes.length > MAX_BYTES) throw refuse(`must have at most ${MAX_BYTES} bytes (16 MiB)`);
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw refuse('starts with a byte order mark (bytes EF BB BF), must start with the JSON text');
  }
  const text = decode(bytes);
  if (text === undefined) throw refuse(`is not UTF-8: the byte at offset ${badByteOffset(bytes)} is not valid`);
  const { value, fault } = parseText(text);
  if (fault !== undefined) throw refuse(`${place(text, fault.offset)}: ${fault.reason}`);
  return value;
}

function decode(bytes: Uint8Array, options: { stream: boolean } = { stream: false }): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, options);
  } catch {
    return undefined;
  }
}

// Bisects for the longest beginning that decodes; `stream` lets it end inside a character.
function badByteOffset(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decode(bytes.subarray(0, middle), { stream: true }) === undefined) bad = middle;
    else good = middle;
  }
  if (good < bytes.length) return good;
  // All decodes as a stream, so the last character is cut short: it starts at the last byte that is not 10xxxxxx.
  return bytes.findLastIndex((byte) => (byte & 0xc0) !== 0x80);
}

function parseText(text: string): { value?: unknown; fault?: Fault | undefined } {
  try {
    const value: unknown = JSON.parse(text);
    const census = { hasBigNumbers: false };
    if (countKeys([value], MAX_DEPTH + 1, census) !== keysWritten(text)) {
      const fault = findFault(text);
      if (fault !== undefined) return { fault };
    }
    // A reviver triples the time, so only when there is something for it to do.
    return { value: census.hasBigNumbers ? JSON.parse(text, keepExact) : value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { fault: findFault(text) ?? { offset: 0, reason: error.message } };
  }
}

/** The number of keys at all levels, NaN if there are too many levels. Notes numbers that may have lost digits. */
function countKeys(value: object, depthLeft: number, census: { hasBigNumbers: boolean }): number {
  if (depthLeft === 0) return Number.NaN;
  const isArray = Array.isArray(value);
  const members: unknown[] = isArray ? value : Object.values(value);
  let count = isArray ? 0 : members.length;
  // Not for...of: this runs on every member of every config, and indexing is what an interpreter does fastest.
  for (let index = 0; index < members.length; index++) {
    const member = members[index];
    if (typeof member === 'object' && member !== null) count += countKeys(member, depthLeft - 1, census);
    else if (typeof member === 'number' && Math.abs(member) > Number.MAX_SAFE_INTEGER) census.hasBigNumbers = true;
  }
  return count;
}

/**
 * How many keys the text writes down, or more: strings can look like the end of a key. The same number of keys in the
 * value therefore proves that none is there twice; a wrong suspicion costs only the slow scan.
 */
function keysWritten(text: string): number {
  // Hardly anybody writes white space before a colon, and the regular expression takes ten times as long.
  if (SPACED_COLONS.some((colon) => text.includes(colon))) return text.match(/"\s*:/g)?.length ?? 0;
  let count = 0;
  for (let at = text.indexOf(END_OF_KEY); at >= 0; at = text.indexOf(END_OF_KEY, at + 2)) count++;
  return count;
}

const END_OF_KEY = '":';
const SPACED_COLONS = [' :', '\t:', '\n:', '\r:'];

// No 64-bit integer is longer than -9223372036854775808.
const LONGEST_INTEGER = 20;

function keepExact(_key: string, value: unknown, { source }: { source?: string } = {}): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  if (source === undefined || source.length > LONGEST_INTEGER || !/^-?[0-9]+$/.test(source)) return value;
  return BigInt(source);
}

function place(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  return `line ${before.length}, column ${column}`;
}
