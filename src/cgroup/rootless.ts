// Cgroups for a user who may not make any, or not everywhere: the container does without where it asks for nothing.
import { errnoOf, withStep } from '../errors.ts';
import type { CgroupPlan } from '../plan/cgroup.ts';
import { makeCgroup, type PlacedCgroup } from './cgroup.ts';
import type { CgroupDriver } from './driver.ts';
import { ownFolder } from './hierarchies.ts';

const REFUSALS = ['EACCES', 'EPERM', 'EROFS'];

/**
 * Makes the folders that the user may make. In the other hierarchies the container stays in the cgroup of the runtime:
 * `placed` says so afterwards (`isInherited`).
 * @throws RuntimeError if the config asks for something that can't be had then
 */
export async function makeAllowed(driver: CgroupDriver, placed: PlacedCgroup[], plan: CgroupPlan): Promise<void> {
  try {
    await driver.make(placed, plan);
    return;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (asksForCgroup(plan)) throw withStep('/linux/cgroupsPath or /linux/resources', error);
  }
  placed.forEach((place, index) => {
    try {
      makeCgroup([place]);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      placed[index] = { ...place, directory: ownFolder(place.hierarchy), isOwn: false, isInherited: true };
    }
  });
}

function isRefusal(error: unknown): boolean {
  return REFUSALS.includes(errnoOf(error) ?? '');
}

function asksForCgroup({ isConfigured, resources }: CgroupPlan): boolean {
  return isConfigured || resources !== undefined;
}
