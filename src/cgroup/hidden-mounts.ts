// mountinfo shows mounts, too, that nobody reaches any more because others lie over them: a container whose root is the
// host's has the host's cgroup mounts below its own /sys.

interface Mount {
  id: string;
  parent: string;
  point: string;
  line: string;
}

/** Whether something above these mount points, or one of them, is mounted twice: only then some can be hidden. */
export function mayBeHidden(mountinfo: string, mountPoints: string[]): boolean {
  const paths = new Set(mountPoints);
  for (const point of mountPoints) {
    for (let end = point.lastIndexOf('/'); end > 0; end = point.lastIndexOf('/', end - 1))
      paths.add(point.slice(0, end));
  }
  return [...paths].some((path) => {
    const word = ` ${path} `;
    const first = mountinfo.indexOf(word);
    return first >= 0 && mountinfo.indexOf(word, first + 1) >= 0;
  });
}

/** Those lines of proc_pid_mountinfo(5) that are about cgroup hierarchies which their mount points lead to. */
export function reachableCgroupMounts(mountinfo: string): string {
  const mounts = mountinfo.split('\n').map(parse);
  const byId = new Map(mounts.map((mount) => [mount.id, mount]));
  const children = Map.groupBy(mounts, ({ parent }) => parent);
  const isReachable = (mount: Mount): boolean => {
    const over = children.get(mount.id) ?? [];
    if (over.some(({ point }) => point === mount.point)) return false;
    for (let child = mount, seen = 0; seen < mounts.length; seen++) {
      const { parent, point } = child;
      // On the way from the parent's root to the child's mount point, another mount comes first.
      if ((children.get(parent) ?? []).some((other) => other !== child && isAbove(other.point, point))) return false;
      const above = byId.get(parent);
      if (above === undefined || above === child) return true;
      child = above;
    }
    return true;
  };
  const found = mounts.filter((mount) => mount.line.includes(' - cgroup') && isReachable(mount));
  return found.map(({ line }) => `${line}\n`).join('');
}

function parse(line: string): Mount {
  const [id = '', parent = '', , , point = ''] = line.split(' ', 5);
  return { id, parent, point, line };
}

function isAbove(upper: string, lower: string): boolean {
  return upper === '/' ? lower !== '/' : lower.startsWith(`${upper}/`);
}
