// Where things are in a kept exec (kept-exec.ts): what the engine writes and the launcher reads.

/** What a kept exec begins with: written last, so that nothing half-written has it. */
export const KEPT_MAGIC = 0x3130_4345_5845_4b52n; // "RKEXEC01"
/** The largest that the launcher reads, and the longest key. */
export const KEPT_SIZE = 262_144;
export const KEY_SIZE = 65_536;

/** The files in the container's folder; which one is told by the key. */
export const KEPT_FILES = ['exec0', 'exec1', 'exec2', 'exec3'] as const;

/** What a key begins with, as a word of 8 bytes: the words behind the container's id follow, or what --process has. */
export const KEY_KIND = { words: 1, file: 2 } as const;

/** HOME: it's in the environment, there is no /etc/passwd, or there is one. */
export const PASSWD = { unused: 0, absent: 1, present: 2 } as const;

/** Where in a kept exec the 8-byte numbers are; those of texts, lists and bytes are their offsets. */
export const KEPT = {
  magic: 0,
  size: 8,
  /** Of which build of runts it is. */
  sources: 16,
  /** What was asked for, with zeros up to a multiple of 8. */
  key: 24,
  keySize: 32,
  /** Facts about the caller that the program depends on. */
  uid: 40,
  umask: 48,
  openFiles: [56, 64],
  permitted: [72, 80],
  /** A `0` or `1` for each capability. */
  bounding: 88,
  /** Links and what they have to say, in turn; an empty text is the last. */
  links: 96,
  /** The container process, as the brief has it. */
  pid: 104,
  pidText: 112,
  startTime: 120,
  /** One of PASSWD, and words of statx(2): PASSWD_WORDS. */
  passwd: 128,
  passwdWords: 136,
  /** Whom pipes among the standard streams are given to; all bits set: nobody. */
  pipeOwner: 144,
  /** Under which numbers the program has its descriptors, 0 for none. */
  syncFd: 152,
  pidfd: 160,
  rootFd: 168,
  cgroupFd: 176,
  /** What the last two are opened by; the first one always. */
  rootPath: 184,
  cgroupPath: 192,
  /** The number of the event that tells the pid of the last process. */
  lastStart: 200,
  /** 1 if the program installs a seccomp filter. */
  hasFilter: 208,
  /** The program, an ELF file. */
  program: 216,
  programSize: 224,
  /** What makes the sum of all 32-bit words zero, itself added as one number. */
  sum: 232,
} as const;

/** Where the texts begin. */
export const KEPT_HEADER_SIZE = 240;

/** Where in a struct statx is what tells one state of a file from another: inode, size, ctime, device. */
export const PASSWD_WORDS = [32, 40, 96, 104, 136] as const;

/** The program's descriptors have numbers below this, what the launcher opens has others. */
export const FIRST_OF_LAUNCHER = 64;
