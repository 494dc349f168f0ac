// Where things are in a kept engine (src/kept-engine/): what the engine writes and the launcher reads.

/** What a kept engine begins with. */
export const ENGINE_MAGIC = 0x3130_5345_4e45_4b52n; // "RKENES01"

/** Where kept engines are: which of the files, the inode of the engine tells. No container has such a name. */
export const ENGINE_FOLDER = '/run/runts';
export const ENGINE_FILES = ['engine:0', 'engine:1', 'engine:2', 'engine:3'] as const;

/** Behind the name of one that hasn't been tried yet. */
export const ENGINE_UNFINISHED = '.new';

/** All but the contents of memory fits in here; the file goes on behind it. */
export const HEAD_SIZE = 32_768;

/**
 * Where the 8-byte numbers are. Lists are told by the offsets of their start and end, texts by their offset.
 * A row of `files`: the offset of its path, and what statx(2) says of it, FILE_WORDS. The first is the engine.
 * A row of `maps` and `calls`: a call's number, its six arguments, and what it has to return, or ANY. The fifth argument is
 * eight times the number of a file, counted from 1; 0 is the kept engine itself.
 * A row of `vdso`: where a part of it is, from the address of the vDSO on, its size, and where it was.
 */
export const ENGINE = {
  magic: 0,
  size: 8,
  /** Of which build of runts it is. */
  sources: 16,
  /** Since which boot the kernel runs: /proc/sys/kernel/random/boot_id. */
  boot: 24,
  files: [32, 40],
  maps: [48, 56],
  calls: [64, 72],
  vdso: [80, 88],
  /** What is in memory: pieces, as iovec of preadv(2), their number, where they are in the file, and their size. */
  pieces: 96,
  pieceCount: 104,
  contents: 112,
  contentsSize: 120,
  /** The stack pointer and the instruction to go on with. */
  stack: 128,
  departure: 136,
  /** Where the C library keeps the thread's id. */
  threadId: 144,
  /** Memory for what is to be told: MAILBOX. */
  mailbox: 152,
} as const;
export const ENGINE_HEADER_SIZE = 160;

/** What the engine believes its stack to have, as the kernel would let it grow: getrlimit(2), RLIMIT_STACK. */
export const STACK_SIZE = 8 * 2 ** 20;

/** preadv(2) takes no more. */
export const MAX_PIECES = 1024;
/** The engine, its addon and the libraries. */
export const MAX_FILES = 16;

/** Where in a struct statx is what tells one state of a file from another: inode, size, ctime, device. */
export const FILE_WORDS = [32, 40, 96, 104, 136] as const;

/** In a row of calls: whatever it returns. */
export const ANY = 2n ** 63n;

/** What the launcher tells the engine that goes on, as 8-byte numbers from the mailbox on. */
export const MAILBOX = {
  /** 1: it was kept, and goes on now. */
  goesOn: 16,
  /** How many words the caller has given, and where they and the environment's texts begin and end in memory. */
  words: 24,
  textStart: 32,
  textEnd: 40,
  /** Of the launcher's own variables. */
  openFiles: 48,
  descriptors: 56,
  others: 64,
} as const;
