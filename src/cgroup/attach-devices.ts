// Attaches the program that decides on devices to a v2 cgroup, in place of the one that is there.

import {
  attachDeviceProgram,
  attachedDevicePrograms,
  loadDeviceProgram,
  openProgram,
  programName,
} from '../../bindings/bpf.ts';
import { closeSync, openSync } from '../../bindings/file-system.ts';
import { deviceProgram } from './device-program.ts';
import type { OrderedRule } from './device-rules.ts';

const NAME = 'runts_devices';

/**
 * Makes the rules valid for a cgroup and all below it. Earlier ones of this runtime's are replaced at one blow; programs
 * that somebody else has attached stay, and an access must pass all of them.
 */
export function attachRules(directory: string, rules: OrderedRule[]): void {
  const cgroupFd = openSync(directory, 'r');
  const programFd = loadDeviceProgram(deviceProgram(rules), NAME);
  const formerFd = formerProgram(cgroupFd);
  try {
    attachDeviceProgram(cgroupFd, programFd, formerFd);
  } finally {
    for (const fd of [cgroupFd, programFd, formerFd]) if (fd !== undefined) closeSync(fd);
  }
}

function formerProgram(cgroupFd: number): number | undefined {
  for (const id of attachedDevicePrograms(cgroupFd)) {
    const fd = openProgram(id);
    if (fd === undefined) continue;
    if (programName(fd) === NAME) return fd;
    closeSync(fd);
  }
  return undefined;
}
