// Which scope of systemd's a container is to be: linux.cgroupsPath with --systemd-cgroup is `slice:prefix:name`.
import { ConfigError } from '../errors.ts';

export interface ScopePlan {
  /** systemd.slice(5): the unit that it's below. */
  slice: string;
  /** systemd.scope(5): its name. */
  unit: string;
  /** The cgroup, below the manager's own. */
  path: string;
}

const POINTER = '/linux/cgroupsPath';

/**
 * Reads the path.
 * @param isUser whether the user's own manager makes the scope, which has other slices
 * @throws ConfigError for a path in another form
 */
export function planScope(path: string, id: string, { isUser }: { isUser: boolean }): ScopePlan {
  const [chosen = '', prefix = '', name = '', ...rest] = path === '' ? ['', 'runts', id] : path.split(':');
  if (rest.length > 0 || name === '') refuse(path, 'must be slice:prefix:name, because systemd makes the cgroup');
  const slice = sliceOf(path, chosen === '' ? (isUser ? 'user.slice' : 'system.slice') : chosen);
  if (name.endsWith('.slice')) refuse(path, 'must not name a slice: systemd has no processes of its own in there');
  const unit = `${prefix}-${name}.scope`;
  if (unit.includes('/')) refuse(path, 'must not have "/" in a name of a unit');
  const above = slice === ROOT ? [] : [...slicesAbove(slice), slice];
  return { slice, unit, path: [...above, unit].map((name) => `/${folderOf(name)}`).join('') };
}

function refuse(value: string, rule: string): never {
  throw new ConfigError([{ pointer: POINTER, value: JSON.stringify(value), rule }]);
}

// systemd.slice(5): "-" separates the names of the slices above it; -.slice is the root.
function sliceOf(path: string, slice: string): string {
  if (slice === '-' || slice === ROOT) return ROOT;
  const isName = /^[^-/]+(-[^-/]+)*\.slice$/.test(slice);
  return isName ? slice : refuse(path, 'must begin with the name of a slice, such as system.slice');
}

const ROOT = '-.slice';

function slicesAbove(slice: string): string[] {
  const parts = slice.replace(/\.slice$/, '').split('-');
  return parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join('-')}.slice`);
}

// What could be taken for a file of the kernel's gets an underscore (systemd.io/CGROUP_DELEGATION).
function folderOf(unit: string): string {
  return /^([_.]|(cgroup|cpu|cpuacct|cpuset|io|blkio|memory|devices|pids|misc)\.)/.test(unit) ? `_${unit}` : unit;
}
