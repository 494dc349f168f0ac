// The cgroup driver that makes and writes the folders of the cgroup file systems by itself.
import { makeCgroup, placeCgroup, removeCgroup } from './cgroup.ts';
import type { CgroupDriver } from './driver.ts';

export const fileSystemDriver: CgroupDriver = {
  place: placeCgroup,
  async make(placed) {
    makeCgroup(placed);
  },
  // Loaded when there are limits: most containers on a developer's machine have none.
  async limit(placed, resources, options) {
    const { setLimits } = await import('./limits.ts');
    await setLimits(placed, resources, options);
  },
  remove: removeCgroup,
};
