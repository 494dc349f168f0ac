// Which cgroup hierarchies this host has mounted where, and which cgroups of them the runtime itself is in.
import { readFileSync } from '../../bindings/file-system.ts';
import { mayBeHidden, reachableCgroupMounts } from './hidden-mounts.ts';

/** A mounted cgroup hierarchy. */
export interface Hierarchy {
  version: 1 | 2;
  /** v1: its controllers, or ["name=systemd"]; v2: empty. */
  controllers: string[];
  mountPoint: string;
  /** The cgroup that is mounted there, as mountinfo's root field says: "/" but in nested containers. */
  root: string;
  /** The runtime's own cgroup in this hierarchy, as /proc/self/cgroup says. */
  own: string;
}

const CONTROLLERS = new Set([
  'blkio',
  'cpu',
  'cpuacct',
  'cpuset',
  'devices',
  'freezer',
  'hugetlb',
  'memory',
  'misc',
  'net_cls',
  'net_prio',
  'perf_event',
  'pids',
  'rdma',
]);

/** All mounted hierarchies, in the order of their mounting. */
export function readHierarchies(): Hierarchy[] {
  return reachable(readFileSync('/proc/self/mountinfo', 'utf8'), readFileSync('/proc/self/cgroup', 'utf8'));
}

function reachable(mountinfo: string, selfCgroup: string): Hierarchy[] {
  const all = parseHierarchies(mountinfo, selfCgroup);
  const mountPoints = all.map(({ mountPoint }) => mountPoint);
  if (!mayBeHidden(mountinfo, mountPoints)) return all;
  return parseHierarchies(reachableCgroupMounts(mountinfo), selfCgroup);
}

/**
 * Parses proc_pid_mountinfo(5) and proc_pid_cgroup(5). A hierarchy that is mounted several times is taken where it was
 * mounted first.
 */
export function parseHierarchies(mountinfo: string, selfCgroup: string): Hierarchy[] {
  const own = ownCgroups(selfCgroup);
  const found: Hierarchy[] = [];
  const known = new Set<string>();
  for (const line of mountinfo.split('\n')) {
    const separator = line.indexOf(' - cgroup');
    if (separator < 0) continue;
    const [, , , root = '', mountPoint = ''] = line.split(' ', 5);
    const [type, , options = ''] = line.slice(separator + 3).split(' ');
    const isV2 = type === 'cgroup2';
    const controllers = isV2 ? [] : options.split(',').filter(isController);
    const key = controllers.join(',');
    const ownCgroup = own.get(isV2 ? '' : (controllers[0] ?? ''));
    if ((!isV2 && controllers.length === 0) || ownCgroup === undefined || known.has(key)) continue;
    known.add(key);
    const place = { mountPoint: unescapeOctal(mountPoint), root: unescapeOctal(root) };
    found.push({ version: isV2 ? 2 : 1, controllers, ...place, own: ownCgroup });
  }
  return found;
}

function isController(option: string): boolean {
  return CONTROLLERS.has(option) || option.startsWith('name=');
}

// Lines are "ID:CONTROLLER,CONTROLLER:PATH", for v2 "0::PATH".
function ownCgroups(selfCgroup: string): Map<string, string> {
  const own = new Map<string, string>();
  for (const line of selfCgroup.split('\n')) {
    const [, controllers, ...path] = line.split(':');
    if (controllers === undefined) continue;
    for (const controller of controllers.split(',')) own.set(controller, path.join(':'));
  }
  return own;
}

// mountinfo writes space, tab, newline and backslash as \040 and so on.
function unescapeOctal(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/**
 * The folder of a cgroup in a hierarchy.
 * @param path the cgroup's path; absolute: from the mount point; relative: from the runtime's own cgroup
 */
export function directoryOf(hierarchy: Hierarchy, path: string): string {
  const { mountPoint } = hierarchy;
  if (path.startsWith('/') && !path.includes('//') && !path.includes('/.') && !path.endsWith('/'))
    return mountPoint + path;
  const base = path.startsWith('/') ? '' : ownDirectory(hierarchy);
  const parts = `${base}/${path}`.split('/').filter((part) => part !== '' && part !== '.');
  return [mountPoint, ...parts].join('/');
}

/** The folder of the runtime's own cgroup. */
export function ownFolder({ mountPoint, root, own }: Hierarchy): string {
  return `${mountPoint}${visiblePath(root, own)}`;
}

// In a nested container the mount shows only a part of the hierarchy: paths start at its root.
function ownDirectory({ version, root, own }: Hierarchy): string {
  const visible = visiblePath(root, own);
  // cgroup v2 does not allow processes in a cgroup whose children have controllers ("no internal processes"):
  // the runtime sits in its own cgroup, so containers go beside it.
  return version === 2 && visible !== '' && visible !== '/' ? visible.slice(0, visible.lastIndexOf('/')) : visible;
}

function visiblePath(root: string, own: string): string {
  if (own === root) return '';
  return own.startsWith(`${root}/`) ? own.slice(root.length) : own;
}
