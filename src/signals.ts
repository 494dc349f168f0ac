// Signal names and numbers of signal(7); x86_64 and arm64 share them.
import { shorten, UsageError } from './errors.ts';

/** config.md, "Annotations": the signal that "SHOULD be sent by the container runtimes to kill the container". */
export const STOP_SIGNAL = 'org.opencontainers.image.stopSignal';

const SIGTERM = 15;
/** The C library keeps 32 and 33 for its threads, so its SIGRTMIN is 34, not the kernel's 32. */
const SIGRTMIN = 34;
const SIGRTMAX = 64;

const names = [
  ...[
    'HUP',
    'INT',
    'QUIT',
    'ILL',
    'TRAP',
    'ABRT',
    'BUS',
    'FPE',
    'KILL',
    'USR1',
    'SEGV',
    'USR2',
    'PIPE',
    'ALRM',
    'TERM',
  ],
  ...['STKFLT', 'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'XCPU', 'XFSZ', 'VTALRM', 'PROF', 'WINCH'],
  ...['IO', 'PWR', 'SYS'],
];
const aliases: Record<string, string> = { IOT: 'ABRT', CLD: 'CHLD', POLL: 'IO', UNUSED: 'SYS' };

/**
 * The number of a signal given as `KILL`, `SIGKILL`, `sigkill`, `9` or `SIGRTMIN+3`.
 * 0 sends nothing and asks whether the process exists; an empty text means SIGTERM, as for runc.
 */
export function parseSignal(text: string): number {
  if (text === '') return SIGTERM;
  const number = /^\+?\d+$/.test(text) ? Number(text) : numberOfName(upperCase(text).replace(/^SIG/, ''));
  if (number === undefined || number > SIGRTMAX) {
    const hint = `use a name such as TERM, SIGKILL or RTMIN+3, or a number from 0 to ${SIGRTMAX}`;
    throw new UsageError(`unknown signal ${JSON.stringify(shorten(text))}`, { hint });
  }
  return number;
}

// Only of ASCII: there are other letters with an S as their upper case.
function upperCase(text: string): string {
  return /^[\w+-]+$/.test(text) ? text.toUpperCase() : '';
}

function numberOfName(name: string): number | undefined {
  const index = names.indexOf(aliases[name] ?? name);
  return index === -1 ? realTimeNumber(name) : index + 1;
}

function realTimeNumber(name: string): number | undefined {
  const match = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (match === null) return undefined;
  const [, end, sign, distance = '0'] = match;
  if (sign === (end === 'MIN' ? '-' : '+')) return undefined;
  const number = end === 'MIN' ? SIGRTMIN + Number(distance) : SIGRTMAX - Number(distance);
  return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined;
}
