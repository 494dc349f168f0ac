// Labels of security modules: process.apparmorProfile, process.selinuxLabel and linux.mountLabel.
import type { Process } from '../bundle/config.ts';

/** What a process gets with the next program that it executes. */
export interface ProcessLabels {
  apparmorProfile: string | undefined;
  selinuxLabel: string | undefined;
}

/** The labels of a process; an empty one asks for nothing. */
export function planLabels({ apparmorProfile, selinuxLabel }: Process): ProcessLabels {
  return { apparmorProfile: apparmorProfile || undefined, selinuxLabel: selinuxLabel || undefined };
}

/** Whether a process gets any. */
export function hasLabels(process: ProcessLabels | undefined): process is ProcessLabels {
  return process !== undefined && (process.apparmorProfile !== undefined || process.selinuxLabel !== undefined);
}

// File systems that the container shares with others, whose files' labels are decided by the policy.
const SHARED = ['proc', 'sysfs', 'mqueue', 'cgroup2', 'devtmpfs', 'securityfs', 'debugfs', 'tracefs', 'binfmt_misc'];

/** The option that labels the files of a new file system, mount(8), "context="; none for one that others see too. */
export function contextOption(mountLabel: string | undefined, type: string, options: string[] = []): string[] {
  if (mountLabel === undefined || SHARED.includes(type)) return [];
  return options.some((option) => option.startsWith('context=')) ? [] : [`context=${mountLabel}`];
}
