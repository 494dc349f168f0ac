// Where things are in a brief (brief.ts): what `create` writes and the launcher reads.

/** What a brief begins with. */
export const BRIEF_MAGIC = 0x3230_4645_4952_4252n; // "RBRIEF02"
/** The largest that the launcher reads. */
export const BRIEF_SIZE = 16384;

/** Where in a brief the 8-byte numbers are; those of texts are their offsets, 0 for none. */
export const BRIEF = {
  magic: 0,
  /** 1 if the launcher may start, delete the container. */
  canStart: 8,
  canDelete: 16,
  /** The path of the process's file stat below /proc. */
  statPath: 24,
  /** Its field starttime. */
  startTime: 32,
  /** The files that tell whether the container is frozen. */
  freezers: [40, 48],
  /** The text of `state`: what is before the pid, the pid, before the status, and after it. */
  beforePid: 56,
  pid: 64,
  beforeStatus: 72,
  afterStatus: 80,
  /** The cgroups to remove, one after the other; an empty text is the last. */
  cgroups: 88,
  /** A link below /proc that a process has as long as it has anything. */
  namespace: 96,
  /** How long the brief is: whoever reads while it's written may get less. */
  size: 104,
} as const;

/** Where the texts begin. */
export const HEADER_SIZE = 112;
