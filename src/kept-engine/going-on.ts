// A kept engine that goes on: it takes over what it has to know of the caller, which it would have found at its start.
import { findHeap, readMemory } from '../../bindings/memory.ts';
import { getRlimit } from '../../bindings/process.ts';
import { trySyscall, words64 } from '../../bindings/syscall.ts';
import { MAILBOX } from '../state/kept-engine-layout.ts';
import { isOfLauncher } from '../state/launcher-variables.ts';
import { word } from './departure.ts';

/** Sets `process` right, and the C library. */
export function takeOver(mailbox: number): void {
  findHeap();
  raiseOpenFiles();
  const start = word(mailbox, MAILBOX.textStart);
  const texts = new TextDecoder().decode(readMemory(start, word(mailbox, MAILBOX.textEnd) - start)).split('\0');
  const count = word(mailbox, MAILBOX.words);
  const [name = '', ...words] = texts.slice(0, count);
  process.argv = [...process.argv.slice(0, 2), ...words];
  process.env = environmentOf(mailbox, texts.slice(count, -1));
  Object.defineProperty(process, 'argv0', { value: name });
  Object.defineProperty(process, 'pid', { value: trySyscall('getpid') });
}

// As the engine does at its start: what a container needs to have opened may be many.
function raiseOpenFiles(): void {
  const { soft, hard } = getRlimit(0, RLIMIT_NOFILE);
  if (soft !== hard) trySyscall('prlimit64', 0, RLIMIT_NOFILE, words64(hard, hard), 0);
}

const RLIMIT_NOFILE = 7;

function environmentOf(mailbox: number, entries: string[]): Record<string, string> {
  // The settings for the engine are the same.
  const settings = Object.entries(process.env).filter(([name]) => isOfLauncher(name) && !name.startsWith('RUNTS_'));
  // Without a prototype: a variable may be called __proto__.
  const environment: Record<string, string> = Object.assign(Object.create(null), Object.fromEntries(settings));
  // As the engine reads them: of several the last one counts, and what has no value is empty.
  for (const entry of entries) {
    const end = entry.includes('=') ? entry.indexOf('=') : entry.length;
    if (end > 0 && !isOfLauncher(entry)) environment[entry.slice(0, end)] = entry.slice(end + 1);
  }
  const { openFiles, descriptors, others } = MAILBOX;
  environment.RUNTS_NOFILE = `0x${BigInt.asUintN(64, BigInt(word(mailbox, openFiles)))
    .toString(16)
    .padStart(16, '0')}`;
  environment.RUNTS_FDS = String(word(mailbox, descriptors));
  environment.RUNTS_FDANY = String(word(mailbox, others));
  return environment;
}
