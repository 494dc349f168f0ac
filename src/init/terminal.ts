// The container's terminal: made in its own devpts, its master sent to the runtime, its other end made the standard
// streams. What was opened is used by descriptor throughout (CVE-2025-52565).
import * as K from '../../bindings/constants.ts';
import type { Slot } from '../final/memory.ts';
import type { Script } from '../final/script.ts';
import type { TerminalPlan } from '../plan/terminal.ts';
import { attach, copyTreeOf } from './mount-calls.ts';
import { IN_ROOT_PLAIN, type Root } from './paths.ts';

const TIOCSCTTY = 0x540e;
const TIOCSWINSZ = 0x5414;
const TIOCSPTLCK = 0x40045431;
const TIOCGPTPEER = 0x5441;

const POINTER = '/process/terminal';
const PTMX = '/dev/ptmx';
const FLAGS = K.O_RDWR | K.O_NOCTTY | K.O_CLOEXEC;
const OPEN_HOW_SIZE = 24;

/** Both ends of a terminal. */
export interface Terminal {
  master: Slot;
  peer: Slot;
}

/**
 * Makes a terminal for the user and tells the runtime its master.
 * @param open opens a path of the container
 */
function makeTerminal(
  script: Script,
  { size, uid }: TerminalPlan,
  open: (path: string, flags: number, into: Slot) => void,
): Terminal {
  const [master, peer] = [script.descriptorSlot(), script.slot()];
  open(PTMX, FLAGS, master);
  // pts(4): it's locked at first. What is no master of a terminal refuses.
  const unlocked = script.words(0);
  script.call('ioctl', [master, TIOCSPTLCK, unlocked], { path: `TIOCSPTLCK ${PTMX}` });
  script.call('ioctl', [master, TIOCGPTPEER, FLAGS], { path: `TIOCGPTPEER ${PTMX}`, save: peer });
  if (size !== undefined) {
    const sizes = script.program.bytes(new Uint8Array(new Uint16Array([size.height, size.width, 0, 0]).buffer));
    script.call('ioctl', [peer, TIOCSWINSZ, sizes], { path: 'TIOCSWINSZ' });
  }
  // The group stays the one that the mount of devpts says.
  script.call('fchownat', [peer, script.string(''), uid, -1, K.AT_EMPTY_PATH], { path: `owner ${uid}` });
  script.tellWithDescriptor({ type: 'terminal' });
  return { master, peer };
}

/** For the container process: the terminal is its /dev/console too. */
export function makeConsole(root: Root, plan: TerminalPlan): Terminal {
  const { script } = root;
  let terminal: Terminal | undefined;
  script.within(POINTER, () => {
    terminal = makeTerminal(script, plan, (path, flags, into) => root.open(path, into, { flags }));
    const [target, mount] = [script.slot(), script.slot()];
    const path = '/dev/console';
    root.make(path, 'file', target, IN_ROOT_PLAIN);
    copyTreeOf(script, terminal.peer, mount, false, path);
    attach(script, mount, target, path);
  });
  if (terminal === undefined) throw new Error('no terminal');
  return terminal;
}

/** For a process that has the container's root already. */
export function makeExecTerminal(script: Script, plan: TerminalPlan): Terminal {
  let terminal: Terminal | undefined;
  script.within(POINTER, () => {
    terminal = makeTerminal(script, plan, (path, flags, into) => {
      const how = script.words(flags, 0, K.RESOLVE_NO_MAGICLINKS);
      script.call('openat2', [K.AT_FDCWD, script.string(path), how, OPEN_HOW_SIZE], { path, save: into });
    });
  });
  if (terminal === undefined) throw new Error('no terminal');
  return terminal;
}

/** The terminal becomes the standard streams. */
export function useTerminal(script: Script, { master, peer }: Terminal): void {
  script.within(POINTER, () => {
    for (const fd of [0, 1, 2]) script.call('dup3', [peer, fd, 0]);
    for (const fd of [master, peer]) script.call('close', [fd]);
  });
}

/** Makes it the controlling terminal of this process, which leads a session that has none. */
export function controlTerminal(script: Script): void {
  script.within(POINTER, () => script.call('ioctl', [0, TIOCSCTTY, 0], { path: 'TIOCSCTTY' }));
}
