// Whether the kernel has the security module that a label is for.
import { readFileSync } from '../../bindings/file-system.ts';
import { errnoOf, RuntimeError } from '../errors.ts';
import type { ProcessLabels } from '../plan/labels.ts';

/** Where the kernel tells; other places are for tests. */
export interface LabelPlaces {
  apparmor: string;
  filesystems: string;
}

const PLACES: LabelPlaces = { apparmor: '/sys/module/apparmor/parameters/enabled', filesystems: '/proc/filesystems' };

/**
 * Checks that what is asked for can be given.
 * @throws RuntimeError
 */
export function checkLabels(
  process: ProcessLabels | undefined,
  mountLabel: string | undefined,
  places: LabelPlaces = PLACES,
): void {
  if (process?.apparmorProfile !== undefined && !textOf(places.apparmor).startsWith('Y')) {
    throw missing('/process/apparmorProfile', 'AppArmor');
  }
  const forSelinux = process?.selinuxLabel === undefined ? '/linux/mountLabel' : '/process/selinuxLabel';
  if (process?.selinuxLabel === undefined && mountLabel === undefined) return;
  // It's registered only where the module is enabled.
  if (!/\tselinuxfs$/m.test(textOf(places.filesystems))) throw missing(forSelinux, 'SELinux');
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}

function missing(pointer: string, name: string): RuntimeError {
  return new RuntimeError(`${name} is not enabled on this host`, { steps: [pointer] });
}
