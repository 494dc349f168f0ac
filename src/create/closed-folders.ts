// Which folders of overlays the root of a user namespace can't reach.
import { statSync } from '../../bindings/stat.ts';
import { step } from '../errors.ts';
import { overlayFolders } from '../plan/overlay.ts';
import type { Plan } from '../plan/plan.ts';

/** Those that lie in a folder which it may not enter; they're opened for it. */
export function closedFolders({ mounts, namespaces }: Plan): string[] {
  const rootId = namespaces.uidMappings.find(({ containerID }) => containerID === 0)?.hostID;
  const found = mounts.flatMap((mount) =>
    step(`mount ${mount.label}`, () => overlayFolders(mount).filter((path) => !mayReach(path, rootId))),
  );
  return [...new Set(found)];
}

function mayReach(path: string, rootId: number | undefined): boolean {
  const names = path.split('/').slice(1, -1);
  return names.every((_, index) => mayEnter(`/${names.slice(0, index + 1).join('/')}`, rootId));
}

function mayEnter(folder: string, rootId: number | undefined): boolean {
  const { mode, uid } = statSync(folder);
  return (mode & (uid === rootId ? 0o100 : 0o001)) !== 0;
}
