// Makes a container's cgroups, as far as the user may make any.
import { isInitialUserNamespace } from '../../bindings/user-namespace.ts';
import type { PlacedCgroup } from '../cgroup/cgroup.ts';
import type { CgroupDriver } from '../cgroup/driver.ts';
import type { CgroupPlan } from '../plan/cgroup.ts';

export interface MakeCgroupsOptions {
  driver: CgroupDriver;
  /** Whether the user has no privileges; undefined if that isn't known: root of a user namespace may have none. */
  isRootless: boolean | undefined;
  isInitial?: () => boolean;
}

/**
 * Makes them.
 * @returns those that are the container's
 */
export async function makeCgroups(
  placed: PlacedCgroup[],
  plan: CgroupPlan,
  { driver, isRootless, isInitial = isInitialUserNamespace }: MakeCgroupsOptions,
): Promise<PlacedCgroup[]> {
  if (isRootless !== true) {
    try {
      await driver.make(placed, plan);
      return placed;
    } catch (error) {
      if (isRootless === false || isInitial()) throw error;
    }
  }
  const { makeAllowed } = await import('../cgroup/rootless.ts');
  await makeAllowed(driver, placed, plan);
  return placed.filter(({ isInherited }) => isInherited !== true);
}
