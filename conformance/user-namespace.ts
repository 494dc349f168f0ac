// For tests of user namespaces: mappings, and bundles whose files belong to the mapped ids.
import { spawnSync } from 'node:child_process';
import type { IdMapping, Namespace, NamespaceType } from '../src/bundle/config.ts';
import type { Bundle, Changes } from './bundle.ts';

/** Where the container's ids begin on the host. */
export const HOST_ID = 100_000;

export const MAPPING: IdMapping[] = [{ containerID: 0, hostID: HOST_ID, size: 65_536 }];

const TYPES: NamespaceType[] = ['user', 'pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'];

/** `linux` of a container with a user namespace of its own. */
export function inUser(linux: Changes['linux'] = {}): NonNullable<Changes['linux']> {
  return {
    namespaces: TYPES.map((type): Namespace => ({ type })),
    uidMappings: MAPPING,
    gidMappings: MAPPING,
    ...linux,
  };
}

/** Gives the root file system to the container's root, as a manager does. */
export function giveAway({ rootfs }: Bundle): void {
  const { status, stderr } = spawnSync('chown', ['-R', '-h', `${HOST_ID}:${HOST_ID}`, rootfs], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}
