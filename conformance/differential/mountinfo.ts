// /proc/self/mountinfo without what differs from run to run: numbers of mounts, devices and peer groups.

/** One field per mount, named by its mount point (and a number where there are several), and one for the order. */
export function mountFields(mountinfo: string): [name: string, value: string][] {
  const mounts = mountinfo.split('\n').filter(Boolean).map(parse);
  const pointOf = new Map(mounts.map(({ id, point }) => [id, point]));
  const seen = new Map<string, number>();
  const fields = mounts.map(({ point, parent, rest }): [string, string] => {
    const nth = (seen.get(point) ?? 0) + 1;
    seen.set(point, nth);
    // The parent of the root lies outside.
    const on = pointOf.get(parent) ?? 'outside';
    return [`mount ${point}${nth > 1 ? `#${nth}` : ''}`, `on ${on}; ${rest}`];
  });
  return [...fields, ['mount order', mounts.map(({ point }) => point).join(' ')]];
}

interface MountLine {
  id: string;
  parent: string;
  point: string;
  rest: string;
}

// proc_pid_mountinfo(5)
function parse(line: string): MountLine {
  const [before = '', after = ''] = line.split(' - ');
  const [id = '', parent = '', , root = '', point = '', options = '', ...propagation] = before.split(' ');
  const [type = '', source = '', superOptions = ''] = after.split(' ');
  const kinds = propagation.map((word) => word.replace(/:\d+$/, '')).sort();
  const rest = [
    `${type} ${source} ${rootOf(type, root)}`,
    sorted(options),
    sorted(superOptions),
    kinds.join(' ') || 'private',
  ].join('; ');
  return { id, parent, point: point.replace(/^\/\/deleted$/, ''), rest };
}

const sorted = (options: string): string =>
  options
    .split(',')
    .filter((word) => !OF_ALL.includes(word))
    .sort()
    .join(',');

// Options of cgroup v2 as a whole: runc's and crun's mounts take them away from the host, whoever is compared next.
const OF_ALL = ['nsdelegate', 'memory_recursiveprot'];

// An unmounted or deleted folder is named by a number in some file systems.
const rootOf = (type: string, root: string): string => (type === 'nsfs' ? root.replace(/\d+/, 'N') : root);
