// Terminals: their settings and sizes, ioctl_tty(2).
import { check, syscall, trySyscall } from './syscall.ts';

const TCGETS = 0x5401;
const TCSETS = 0x5402;
const TIOCGPGRP = 0x540f;
const TIOCGWINSZ = 0x5413;
const TIOCSWINSZ = 0x5414;
const TIOCGPTPEER = 0x5441;

const O_RDWR = 2;
const O_NOCTTY = 0o400;
const O_CLOEXEC = 0o2000000;

// struct termios of the kernel: four words of flags, the line discipline, 19 control characters.
const TERMIOS_SIZE = 36;
const CONTROL_CHARACTERS = 17;
const VTIME = 5;
const VMIN = 6;

// IGNBRK BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON; OPOST; CSIZE PARENB; ECHO ECHONL ICANON ISIG IEXTEN.
const RAW_OFF = [0o2753, 0o1, 0o460, 0o100113];
const CS8 = 0o60;

/** A terminal's settings; undefined if the descriptor is no terminal. */
export function terminalSettings(fd: number): Uint8Array | undefined {
  const settings = new Uint8Array(TERMIOS_SIZE);
  return trySyscall('ioctl', fd, TCGETS, settings) < 0 ? undefined : settings;
}

/** Changes a terminal's settings at once. */
export function setTerminal(fd: number, settings: Uint8Array): void {
  syscall('ioctl', 'TCSETS', fd, TCSETS, settings);
}

/** The settings with which all that is typed passes unchanged, cfmakeraw(3). */
export function rawSettings(settings: Uint8Array): Uint8Array {
  const raw = settings.slice();
  const view = new DataView(raw.buffer);
  RAW_OFF.forEach((bits, index) => {
    view.setUint32(index * 4, view.getUint32(index * 4, true) & ~bits, true);
  });
  view.setUint32(8, view.getUint32(8, true) | CS8, true);
  raw[CONTROL_CHARACTERS + VMIN] = 1;
  raw[CONTROL_CHARACTERS + VTIME] = 0;
  return raw;
}

/** The process group in the foreground of a terminal; undefined if it's not the caller's terminal. */
export function foregroundGroup(fd: number): number | undefined {
  const group = new Int32Array(1);
  return trySyscall('ioctl', fd, TIOCGPGRP, new Uint8Array(group.buffer)) < 0 ? undefined : group[0];
}

/** The process group of this process. */
export function processGroup(): number {
  return syscall('getpgid', undefined, 0);
}

/** struct winsize; undefined if the descriptor is no terminal. */
export function windowSize(fd: number): Uint8Array | undefined {
  const size = new Uint8Array(8);
  return trySyscall('ioctl', fd, TIOCGWINSZ, size) < 0 ? undefined : size;
}

/** Sets the size of a terminal, by either of its ends. */
export function setWindowSize(fd: number, size: Uint8Array): void {
  syscall('ioctl', 'TIOCSWINSZ', fd, TIOCSWINSZ, size);
}

/** The other end of the terminal that a master belongs to, wherever its devpts is mounted. Returns a descriptor. */
export function openPeer(masterFd: number): number {
  return check('ioctl', trySyscall('ioctl', masterFd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC), 'TIOCGPTPEER');
}
