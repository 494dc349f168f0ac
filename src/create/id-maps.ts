// Writes the id maps of a new user namespace, user_namespaces(7).
import { readFileSync, writeFileSync } from '../../bindings/file-system.ts';
import type { IdMapping } from '../bundle/config.ts';
import { step } from '../errors.ts';
import type { NamespacePlan } from '../plan/namespaces.ts';
import { mapByHelper } from './id-map-helper.ts';

/** Writes /proc/<pid>/uid_map and gid_map. */
export function writeIdMaps(
  pid: number,
  { uidMappings, gidMappings }: Pick<NamespacePlan, 'uidMappings' | 'gidMappings'>,
): void {
  step('/linux/uidMappings', () => writeMap(pid, 'uid', uidMappings));
  step('/linux/gidMappings', () => writeMap(pid, 'gid', gidMappings));
}

function writeMap(pid: number, kind: 'uid' | 'gid', mappings: IdMapping[]): void {
  if (mappings.length === 0) return;
  const [uid, own] = [process.getuid?.() ?? 0, (kind === 'uid' ? process.getuid?.() : process.getgid?.()) ?? 0];
  if (uid !== 0 && !isAlone(mappings, own)) {
    mapByHelper(kind, pid, mappings);
    return;
  }
  // user_namespaces(7): without privileges, a group is mapped only where groups can't be dropped any more.
  if (uid !== 0 && kind === 'gid') writeFileSync(`/proc/${pid}/setgroups`, 'deny');
  writeFileSync(`/proc/${pid}/${kind}_map`, mapText(mappings));
}

/** Whether the kernel takes a map from a user without privileges: the own id, alone. */
export function isAlone([first, ...more]: IdMapping[], own: number): boolean {
  return first?.hostID === own && first.size === 1 && more.length === 0;
}

/** The host's ids of the container's root: 0 without a user namespace, or where it's not mapped. */
export function hostOwner(pid: number, { isInUser }: NamespacePlan): { uid: number; gid: number } {
  if (!isInUser) return { uid: 0, gid: 0 };
  // Not from the config, which doesn't have those of a joined namespace.
  const ofRoot = (file: string) => hostIdOfRoot(readFileSync(`/proc/${pid}/${file}`, 'latin1'));
  return { uid: ofRoot('uid_map'), gid: ofRoot('gid_map') };
}

/** Looks up container id 0 in the text of /proc/<pid>/uid_map; 0 if it's not mapped. */
export function hostIdOfRoot(map: string): number {
  return hostIdOf(map, 0) ?? 0;
}

/** Looks up a container id in the text of a map; undefined if it's not mapped. */
export function hostIdOf(map: string, id: number): number | undefined {
  for (const line of map.trim().split('\n')) {
    const [first = 0, hostId = 0, size = 0] = line.trim().split(/\s+/).map(Number);
    if (id >= first && id < first + size) return hostId + id - first;
  }
  return undefined;
}

/** The text of a map: one line for each range. It has to reach the kernel in one write. */
export function mapText(mappings: IdMapping[]): string {
  return mappings.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join('');
}
