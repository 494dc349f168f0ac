// What a mutated config must not ask for, because a runtime as root would do it to this machine.
import { existsSync } from 'node:fs';

type Part = Record<string, unknown>;

/**
 * The config with paths of the host replaced: the root file system and the sources of bind mounts stay in the bundle,
 * cgroups below one of the run's own.
 */
export function tame(config: unknown, tag: string): unknown {
  if (!isPart(config)) return config;
  const { root, mounts, linux } = config;
  if (isPart(root) && leadsAway(root.path)) root.path = 'rootfs';
  for (const mount of Array.isArray(mounts) ? mounts : []) {
    if (isPart(mount) && mount.type !== 'proc' && leadsAway(mount.source)) mount.source = 'data';
  }
  if (isPart(linux)) tameLinux(linux, tag);
  return config;
}

function tameLinux(linux: Part, tag: string): void {
  const { cgroupsPath } = linux;
  if (typeof cgroupsPath === 'string' && cgroupsPath !== '') linux.cgroupsPath = `/${tag}/${cgroupsPath}`;
}

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null && !Array.isArray(value);

// A path that is not there leads nowhere.
function leadsAway(path: unknown): boolean {
  if (typeof path !== 'string' || path.includes('\0')) return false;
  return path.split('/').includes('..') || (path.startsWith('/') && existsSync(path));
}
