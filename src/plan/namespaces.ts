// linux.namespaces: which are made, which are joined, and in which order (config-linux.md, "Namespaces").
import * as K from '../../bindings/constants.ts';
import type { IdMapping, Linux, NamespaceType } from '../bundle/config.ts';

export const NAMESPACE_FLAG: Record<NamespaceType, number> = {
  user: K.CLONE_NEWUSER,
  mount: K.CLONE_NEWNS,
  uts: K.CLONE_NEWUTS,
  ipc: K.CLONE_NEWIPC,
  network: K.CLONE_NEWNET,
  pid: K.CLONE_NEWPID,
  cgroup: K.CLONE_NEWCGROUP,
  time: K.CLONE_NEWTIME,
};

/** The entry's name in /proc/<pid>/ns, namespaces(7). */
export const NAMESPACE_FILE: Record<NamespaceType, string> = {
  user: 'user',
  mount: 'mnt',
  uts: 'uts',
  ipc: 'ipc',
  network: 'net',
  pid: 'pid',
  cgroup: 'cgroup',
  time: 'time',
};

export interface JoinedNamespace {
  type: NamespaceType;
  path: string;
  flag: number;
  /** For errors: `/linux/namespaces/2`. */
  pointer: string;
}

export interface NamespacePlan {
  /** CLONE_NEW* flags that the container process is made with. */
  cloneFlags: number;
  /** CLONE_NEW* flags of namespaces that it makes as root of its user namespace: their files belong to who made them. */
  unshareFlags: number;
  joined: JoinedNamespace[];
  /** Made by the container process itself, once it is in its cgroup: cgroup_namespaces(7) fixes the root then. */
  newCgroup: boolean;
  /** Made by the container process itself: the offsets must be written before anyone enters, time_namespaces(7). */
  newTime: boolean;
  timeOffsets: Record<string, { secs: string; nanosecs: number }>;
  uidMappings: IdMapping[];
  gidMappings: IdMapping[];
  newUser: boolean;
  /** In a user namespace, a new one or a joined one. */
  isInUser: boolean;
  newMount: boolean;
  newPid: boolean;
}

// Made by clone(2) together with the process; the others come later, see above.
const CLONED: NamespaceType[] = ['user', 'mount', 'uts', 'ipc', 'network', 'pid'];

/** Decides which namespaces are created and joined. The config is valid: no duplicates, paths absolute. */
export function planNamespaces(linux: Linux): NamespacePlan {
  const entries = (linux.namespaces ?? []).map((entry, index) => ({ ...entry, index }));
  const isNew = (type: NamespaceType) => entries.some((entry) => entry.type === type && !entry.path);
  const joined: JoinedNamespace[] = [];
  for (const { type, path, index } of entries) {
    if (path) joined.push({ type, path, flag: NAMESPACE_FLAG[type], pointer: `/linux/namespaces/${index}` });
  }
  const isInUser = entries.some(({ type }) => type === 'user');
  let cloned = 0;
  for (const type of CLONED) if (isNew(type)) cloned |= NAMESPACE_FLAG[type];
  // The root of mqueue.
  const unshareFlags = isInUser ? cloned & K.CLONE_NEWIPC : 0;
  return {
    cloneFlags: cloned & ~unshareFlags,
    unshareFlags,
    joined,
    newCgroup: isNew('cgroup'),
    newTime: isNew('time'),
    timeOffsets: timeOffsets(linux),
    uidMappings: linux.uidMappings ?? [],
    gidMappings: linux.gidMappings ?? [],
    newUser: isNew('user'),
    isInUser,
    newMount: isNew('mount'),
    newPid: isNew('pid'),
  };
}

function timeOffsets(linux: Linux): NamespacePlan['timeOffsets'] {
  const offsets: NamespacePlan['timeOffsets'] = {};
  for (const [clock, { secs = 0, nanosecs = 0 }] of Object.entries(linux.timeOffsets ?? {})) {
    offsets[clock] = { secs: String(secs), nanosecs };
  }
  return offsets;
}
