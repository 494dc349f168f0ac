// The container's root file system: where it is, how it's mounted, what is hidden in it.
import * as K from '../../bindings/constants.ts';
import type { Config } from '../bundle/config.ts';

export interface RootfsPlan {
  /** Absolute host path. */
  path: string;
  isReadonly: boolean;
  /** The propagation of the root mount, once all is mounted. */
  propagation: { flag: number; recursive: boolean } | undefined;
  /** pivot_root(2), or chroot(2) where the mount namespace is shared with others, or a moved mount for --no-pivot. */
  change: 'pivot' | 'chroot' | 'move';
  maskedPaths: string[];
  readonlyPaths: string[];
}

const PROPAGATION: Record<string, RootfsPlan['propagation']> = {
  shared: { flag: K.MS_SHARED, recursive: false },
  rshared: { flag: K.MS_SHARED, recursive: true },
  slave: { flag: K.MS_SLAVE, recursive: false },
  rslave: { flag: K.MS_SLAVE, recursive: true },
  private: { flag: K.MS_PRIVATE, recursive: false },
  rprivate: { flag: K.MS_PRIVATE, recursive: true },
  unbindable: { flag: K.MS_UNBINDABLE, recursive: false },
  runbindable: { flag: K.MS_UNBINDABLE, recursive: true },
};

/** Decides on the root file system. `bundle` is absolute; a relative root.path starts there. */
export function planRootfs(config: Config, bundle: string, { noPivot }: { noPivot: boolean }): RootfsPlan {
  const path = config.root?.path ?? 'rootfs';
  const readonlyPaths = config.linux?.readonlyPaths ?? [];
  const hasOwnMounts = (config.linux?.namespaces ?? []).some((entry) => entry.type === 'mount' && !entry.path);
  return {
    path: path.startsWith('/') ? path : `${bundle}/${path}`,
    // A mount over the root would be out of sight: its own is made read-only, as runc does.
    isReadonly: config.root?.readonly === true || readonlyPaths.some(isRootPath),
    propagation: PROPAGATION[config.linux?.rootfsPropagation ?? ''],
    change: !hasOwnMounts ? 'chroot' : noPivot ? 'move' : 'pivot',
    maskedPaths: config.linux?.maskedPaths ?? [],
    readonlyPaths,
  };
}

/** Whether a path of the container, taken by its words, is the root directory: `/`, `//`, `/x/..`. */
export function isRootPath(path: string): boolean {
  if (!path.includes('/.') && !path.startsWith('.') && !path.endsWith('/')) return path === '';
  let depth = 0;
  for (const part of path.split('/')) {
    if (part === '..') depth = Math.max(depth - 1, 0);
    else if (part !== '' && part !== '.') depth++;
  }
  return depth === 0;
}
