// Writes the id maps of a new user namespace, user_namespaces(7).
import { writeFileSync } from '../../bindings/file-system.ts';
import type { IdMapping } from '../bundle/config.ts';
import { step } from '../errors.ts';
import type { NamespacePlan } from '../plan/namespaces.ts';

/** Writes /proc/<pid>/uid_map and gid_map. */
export function writeIdMaps(pid: number, { uidMappings, gidMappings }: NamespacePlan): void {
  step('/linux/uidMappings', () => writeMap(`/proc/${pid}/uid_map`, uidMappings));
  step('/linux/gidMappings', () => writeMap(`/proc/${pid}/gid_map`, gidMappings));
}

function writeMap(path: string, mappings: IdMapping[]): void {
  if (mappings.length > 0) writeFileSync(path, mapText(mappings));
}

/** The host's ids of the container's root: 0 without a user namespace, or where it's not mapped. */
export function hostOwner({ uidMappings, gidMappings }: NamespacePlan): { uid: number; gid: number } {
  const ofRoot = (mappings: IdMapping[]) => mappings.find(({ containerID }) => containerID === 0)?.hostID ?? 0;
  return { uid: ofRoot(uidMappings), gid: ofRoot(gidMappings) };
}

/** The text of a map: one line for each range. It has to reach the kernel in one write. */
export function mapText(mappings: IdMapping[]): string {
  return mappings.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join('');
}
