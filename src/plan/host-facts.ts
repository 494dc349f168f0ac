// What the plan has to know about the runtime's own process and the kernel. Gathered by create/host.ts.

export interface HostFacts {
  /** The runtime's user. */
  uid: number;
  /** Whether its user namespace is the host's. */
  isInitialUser: boolean;
  /** Capabilities that the runtime may hand on, as a bit mask: its own permitted set within its bounding set. */
  grantableCapabilities: bigint;
  /** The highest capability number that the kernel knows. */
  lastCapability: number;
  /** The caller's umask. */
  umask: number;
  /** The caller's RLIMIT_NOFILE. */
  openFiles: { soft: bigint; hard: bigint };
  /** Signals that are ignored in the runtime's process and would stay so across execve. */
  ignoredSignals: number[];
  /** Whether there is a /proc/kcore. */
  hasKcore: boolean;
}
