// Which sources of bind mounts are copied for a user namespace in the runtime's mount namespace.
import * as K from '../../bindings/constants.ts';
import { statfs } from '../../bindings/stat.ts';
import { step } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';

// statfs(2): ST_RDONLY and so on, which have the numbers of these.
const GUARDING = K.MOUNT_ATTR_RDONLY | K.MOUNT_ATTR_NOSUID | K.MOUNT_ATTR_NODEV | K.MOUNT_ATTR_NOEXEC;

/**
 * Those that are bound without the mounts below them. In the container's mount namespace the kernel refuses that: there
 * might be something under these that its root is not to see, mount_namespaces(7). But only there the flags of the
 * host's mounts can't be taken away; so with such flags the source is left to the kernel. In a joined mount namespace the
 * paths are those of that.
 * @returns indices in the plan
 */
export function outsideSources({ mounts, namespaces }: Plan): Set<number> {
  const found = new Set<number>();
  if (namespaces.joined.some(({ type }) => type === 'mount')) return found;
  mounts.forEach(({ kind, recursiveBind, source, label }, index) => {
    if (kind !== 'bind' || recursiveBind) return;
    const { flags } = step(`mount ${label}`, () => statfs(source));
    if ((flags & GUARDING) === 0) found.add(index);
  });
  return found;
}
