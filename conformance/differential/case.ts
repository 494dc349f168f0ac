// One bundle of the comparison: what is changed in the base config, and what else the run needs.
import type { Config } from '../../src/bundle/config.ts';
import type { Bundle, Changes } from '../bundle.ts';

/** Where a case runs. */
export interface Place {
  /** Shared by the runs of all runtimes. */
  folder: string;
  /** A host file: /proc/PID/ns/TYPE of a process with namespaces of its own, as a pod's sandbox has them. */
  sandbox(type: 'ipc' | 'net' | 'pid' | 'uts' | 'user' | 'mnt' | 'time' | 'cgroup'): string;
  /** The folder with the probe, for hooks: host path of the program, its list and the file it appends to. */
  probe: { program: string; list: string; log: string };
}

export interface Case {
  /** Unique; what expected.md calls it. */
  name: string;
  /** One after the other, into the base config. */
  changes?: Changes | ((place: Place) => Changes | Changes[]);
  /** Options of `run`. */
  flags?: string[];
  /** What the probe looks at besides the usual. */
  look?: string[];
  /** A program and its options that run the runtime. */
  caller?: string[];
  /** Host files that the runtime gets as descriptors 3, 4, ... */
  descriptors?: string[];
  /** Files in the bundle, owners: before each run. */
  prepare?: (bundle: Bundle, place: Place) => void;
  /** The last word about the config: properties that the types don't have. */
  edit?: (config: Config) => Record<string, unknown>;
}
