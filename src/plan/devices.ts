// Device nodes and links that a container gets (config-linux.md, "Devices" and "Default Devices").
import * as K from '../../bindings/constants.ts';
import type { Config, Device } from '../bundle/config.ts';
import type { HostFacts } from './host-facts.ts';
import type { MountPlan } from './mounts.ts';

export interface DevicePlan {
  /** For errors: `/linux/devices/0 (/dev/fuse)`. */
  label: string;
  path: string;
  /** S_IFCHR, S_IFBLK or S_IFIFO. */
  kind: number;
  major: number;
  minor: number;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
}

const DEFAULT_DEVICES: [path: string, major: number, minor: number][] = [
  ['/dev/null', 1, 3],
  ['/dev/zero', 1, 5],
  ['/dev/full', 1, 7],
  ['/dev/random', 1, 8],
  ['/dev/urandom', 1, 9],
  ['/dev/tty', 5, 0],
];

const LINKS: [path: string, target: string][] = [
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
  ['/dev/core', '/proc/kcore'],
  ['/dev/ptmx', 'pts/ptmx'],
];

export interface DevicesPlan {
  nodes: DevicePlan[];
  links: { path: string; target: string }[];
  /** False in a user namespace, and for a runtime without CAP_MKNOD: mknod(2) is refused there. */
  mayMakeNodes: boolean;
}

/**
 * The nodes and links to make. A /dev that is a bind mount belongs to somebody else (docker run --privileged -v
 * /dev:/dev): nothing is added to it but what the config lists.
 */
export function planDevices(config: Config, mounts: MountPlan[], host: DeviceFacts): DevicesPlan {
  const configured = (config.linux?.devices ?? []).map((device, index) => configuredDevice(device, index));
  const isInUser = (config.linux?.namespaces ?? []).some(({ type }) => type === 'user');
  const mayMakeNodes = !isInUser && host.isInitialUser && (host.grantableCapabilities & CAP_MKNOD) !== 0n;
  const isForeign = mounts.some(({ kind, destination }) => kind === 'bind' && /^\/+dev\/*$/.test(destination));
  if (isForeign) return { nodes: configured, links: [], mayMakeNodes };
  const taken = new Set(configured.map(({ path }) => path));
  const defaults = DEFAULT_DEVICES.filter(([path]) => !taken.has(path)).map(defaultDevice);
  const links = LINKS.filter(([path]) => host.hasKcore || path !== '/dev/core');
  return {
    nodes: [...defaults, ...configured],
    links: links.map(([path, target]) => ({ path, target })),
    mayMakeNodes,
  };
}

type DeviceFacts = Pick<HostFacts, 'isInitialUser' | 'hasKcore' | 'grantableCapabilities'>;

const CAP_MKNOD = 1n << 27n;

function defaultDevice([path, major, minor]: [string, number, number]): DevicePlan {
  return { label: `default device ${path}`, path, kind: K.S_IFCHR, major, minor, mode: 0o666, uid: 0, gid: 0 };
}

function configuredDevice(device: Device, index: number): DevicePlan {
  const { path, type, major = 0, minor = 0, fileMode = 0o666, uid = 0, gid = 0 } = device;
  const kind = type === 'b' ? K.S_IFBLK : type === 'p' ? K.S_IFIFO : K.S_IFCHR;
  return { label: `/linux/devices/${index} (${path})`, path, kind, major, minor, mode: fileMode & 0o7777, uid, gid };
}
