// What a program says to the runtime besides failures: src/protocol.ts has the table.

/** Points at which a program needs the runtime, or only tells it something. */
export type Event =
  /** The pid of a new process is in the message's other half. */
  | { type: 'started' }
  /** The first program is done: the second is wanted. */
  | { type: 'setup' }
  /** A descriptor of the container's root directory comes with the message. */
  | { type: 'root' }
  /** The id maps are to be written. */
  | { type: 'mapIds' }
  /** The offsets of the new time namespace are to be written. */
  | { type: 'timeOffsets' }
  /** A path of the container is missing, and making it takes more than one call. */
  | { type: 'makePath'; path: string; entry: 'directory' | 'file' }
  /** The mount point's content is to be copied: it's there still; the tmpfs is on it now. */
  | { type: 'copyUpFrom' | 'copyUpTo'; path: string }
  /** A file was there before the device was made, or the host's node is mounted over it: is it the right one? */
  | { type: 'checkDevice'; index: number }
  /** The container's terminal is there; the descriptor of its master comes with the message. */
  | { type: 'terminal' }
  /** Mounts and devices are there, the root is not changed yet. */
  | { type: 'mounted' }
  /** A filter with a listener is about to be installed: is somebody there to get it? */
  | { type: 'connectAgent' }
  /** The listener's descriptor comes with the message. */
  | { type: 'listener' }
  /** The second program is done: the third is wanted. */
  | { type: 'final' }
  /** It waits for `start`, and outlives the runtime from here on. */
  | { type: 'ready' };
