// The state as `state`, `list` and the hooks see it: the specification's properties (runtime.md, "State") and runc's.
import { readFileSync } from '../../bindings/file-system.ts';
import type { Status } from './status.ts';
import type { ContainerRecord } from './store.ts';

export interface StateDocument {
  ociVersion: string;
  id: string;
  pid: number;
  status: Status;
  bundle: string;
  rootfs: string;
  created: string;
  owner: string;
  annotations?: { [key: string]: string };
}

/** The state document. A stopped container has pid 0, as in runc. */
export function stateDocument(record: ContainerRecord, status: Status): StateDocument {
  const { ociVersion, id, bundle, rootfs, created, annotations } = record;
  const pid = status === 'stopped' ? 0 : record.pid;
  const hasAnnotations = Object.keys(annotations).length > 0;
  return {
    ociVersion,
    id,
    pid,
    status,
    bundle,
    rootfs,
    created,
    owner: userName(record.owner),
    ...(hasAnnotations && { annotations }),
  };
}

function userName(uid: number): string {
  if (uid === 0) return 'root';
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    const entry = lines.map((line) => line.split(':')).find((fields) => fields[2] === String(uid));
    return entry?.[0] ?? String(uid);
  } catch {
    return String(uid);
  }
}
