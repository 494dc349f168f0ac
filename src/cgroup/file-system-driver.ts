// The cgroup driver that makes and writes the folders of the cgroup file systems by itself.
import { step } from '../errors.ts';
import type { CgroupPlan } from '../plan/cgroup.ts';
import { makeCgroup, type PlacedCgroup, placeCgroup, removeCgroup } from './cgroup.ts';
import type { CgroupDriver } from './driver.ts';
import { checkDomain, enableControllers } from './subtree.ts';

export const fileSystemDriver: CgroupDriver = {
  place: placeCgroup,
  async make(placed, plan) {
    makeCgroup(placed);
    const v2 = placed.find(({ hierarchy }) => hierarchy.version === 2);
    if (v2 !== undefined) await prepareV2(v2, plan, { isHybrid: placed.length > 1 });
  },
  // Loaded when there are limits: most containers on a developer's machine have none.
  async limit(placed, resources, options) {
    const { setLimits } = await import('./limits.ts');
    await setLimits(placed, resources, options);
  },
  remove: removeCgroup,
};

async function prepareV2(v2: PlacedCgroup, plan: CgroupPlan, { isHybrid }: { isHybrid: boolean }): Promise<void> {
  const { directory, hierarchy } = v2;
  const folder = { directory, mountPoint: hierarchy.mountPoint };
  // Beside cgroup v1 nothing is enabled that no limit needs.
  if (isHybrid && plan.resources === undefined) return;
  step(`make cgroup ${directory}`, () => {
    enableControllers(folder);
    checkDomain(folder);
  });
  // config-linux.md, Cgroup ownership: "SHOULD NOT change the ownership ... when cgroups v1 is in use".
  if (plan.owner === undefined || isHybrid) return;
  const { changeOwner } = await import('./ownership.ts');
  changeOwner(directory, plan.owner);
}
