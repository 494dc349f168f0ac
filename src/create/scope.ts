// A container's scope of systemd's: the driver that makes it.
import type { Config } from '../bundle/config.ts';
import type { CgroupDriver } from '../cgroup/driver.ts';
import { SystemdDriver } from '../cgroup/systemd-driver.ts';
import { asksUserManager } from '../cgroup/systemd-manager.ts';
import { unitProperties } from '../plan/systemd-annotations.ts';
import { planScope } from '../plan/systemd-scope.ts';
import { startPlaceholder } from './placeholder.ts';

/**
 * The driver for a new container.
 * @param root the state's folder: containers of other roots may have the same id
 */
export function scopeDriver(
  { linux, annotations = {} }: Config,
  { id, root }: { id: string; root: string },
): CgroupDriver {
  const isUser = asksUserManager();
  const { unit, slice, path } = planScope(linux?.cgroupsPath ?? '', id, { isUser });
  const scope = { unit, isUser, description: `runts: container ${id} in ${root}` };
  return new SystemdDriver(scope, { slice, path, properties: unitProperties(annotations), startPlaceholder });
}
