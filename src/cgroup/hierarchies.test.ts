import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { directoryOf, type Hierarchy, ownFolder, parseHierarchies, readHierarchies } from './hierarchies.ts';

const test = suite('cgroup/hierarchies');

// A line of mountinfo: id, parent, device, root, mount point, options, optional fields, "-", type, source, options.
function line(root: string, mountPoint: string, type: string, options: string, shared = 'shared:9 '): string {
  return `31 23 0:27 ${root} ${mountPoint} rw,nosuid ${shared}- ${type} cgroup ${options}\n`;
}

const V1 = (controllers: string[], mountPoint: string, own: string, root = '/'): Hierarchy => ({
  ...{ version: 1, controllers, mountPoint, root, own },
});
const V2 = (mountPoint: string, own: string, root = '/'): Hierarchy => ({
  ...{ version: 2, controllers: [], mountPoint, root, own },
});

const OTHER = '22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n23 22 0:5 / /proc rw - proc proc rw\n';

const hosts: { name: string; mountinfo: string; selfCgroup: string; hierarchies: Hierarchy[] }[] = [
  { name: 'no cgroups', mountinfo: OTHER, selfCgroup: '', hierarchies: [] },
  {
    name: 'v2',
    mountinfo: OTHER + line('/', '/sys/fs/cgroup', 'cgroup2', 'rw,nsdelegate'),
    selfCgroup: '0::/user.slice/session-1.scope\n',
    hierarchies: [V2('/sys/fs/cgroup', '/user.slice/session-1.scope')],
  },
  {
    name: 'v1: controllers may share a hierarchy, and the systemd hierarchy is one too',
    mountinfo:
      line('/', '/sys/fs/cgroup/systemd', 'cgroup', 'rw,xattr,name=systemd') +
      line('/', '/sys/fs/cgroup/cpu,cpuacct', 'cgroup', 'rw,cpu,cpuacct') +
      line('/', '/sys/fs/cgroup/memory', 'cgroup', 'rw,memory', ''),
    selfCgroup: '12:cpu,cpuacct:/a\n5:memory:/b:c\n1:name=systemd:/init.scope\n0::/init.scope\n',
    hierarchies: [
      V1(['name=systemd'], '/sys/fs/cgroup/systemd', '/init.scope'),
      V1(['cpu', 'cpuacct'], '/sys/fs/cgroup/cpu,cpuacct', '/a'),
      V1(['memory'], '/sys/fs/cgroup/memory', '/b:c'),
    ],
  },
  {
    name: 'hybrid: v1 controllers beside a unified hierarchy',
    mountinfo:
      line('/', '/sys/fs/cgroup/pids', 'cgroup', 'rw,pids') + line('/', '/sys/fs/cgroup/unified', 'cgroup2', 'rw'),
    selfCgroup: '3:pids:/\n0::/\n',
    hierarchies: [V1(['pids'], '/sys/fs/cgroup/pids', '/'), V2('/sys/fs/cgroup/unified', '/')],
  },
  {
    name: 'in a container the mounts show a part of each hierarchy',
    mountinfo: line('/docker/abc', '/sys/fs/cgroup/pids', 'cgroup', 'ro,pids'),
    selfCgroup: '3:pids:/docker/abc\n',
    hierarchies: [V1(['pids'], '/sys/fs/cgroup/pids', '/docker/abc', '/docker/abc')],
  },
  {
    name: 'a hierarchy that is mounted twice is taken where it was mounted first',
    mountinfo: line('/', '/first', 'cgroup2', 'rw') + line('/', '/second', 'cgroup2', 'rw'),
    selfCgroup: '0::/\n',
    hierarchies: [V2('/first', '/')],
  },
  {
    name: 'spaces and backslashes in paths are escaped in mountinfo',
    mountinfo: line('/a\\040b', '/mnt/c\\134d\\011e', 'cgroup2', 'rw'),
    selfCgroup: '0::/a b\n',
    hierarchies: [V2('/mnt/c\\d\te', '/a b', '/a b')],
  },
  {
    name: 'a hierarchy that this process is not in is of no use',
    mountinfo: line('/', '/sys/fs/cgroup/rdma', 'cgroup', 'rw,rdma'),
    selfCgroup: '3:pids:/\n',
    hierarchies: [],
  },
  {
    name: 'a controller that nobody knows is left out',
    mountinfo: line('/', '/sys/fs/cgroup/x', 'cgroup', 'rw,debug_x'),
    selfCgroup: '3:debug_x:/\n',
    hierarchies: [],
  },
];
for (const { name, mountinfo, selfCgroup, hierarchies } of hosts) {
  test(name, () => assert.equal(parseHierarchies(mountinfo, selfCgroup), hierarchies));
}

const places: { name: string; hierarchy: Hierarchy; path: string; directory: string }[] = [
  {
    name: 'an absolute path starts at the mount point',
    hierarchy: V1([], '/m', '/own'),
    path: '/a/b',
    directory: '/m/a/b',
  },
  {
    name: 'v1: a relative path starts at the own cgroup',
    hierarchy: V1([], '/m', '/own'),
    path: 'a',
    directory: '/m/own/a',
  },
  { name: 'v1: also at the root', hierarchy: V1([], '/m', '/'), path: 'a', directory: '/m/a' },
  {
    name: 'v2: a relative path starts beside the own cgroup, which may have no children',
    hierarchy: V2('/m', '/user.slice/own.scope'),
    path: 'a',
    directory: '/m/user.slice/a',
  },
  { name: 'v2: beside a cgroup at the top', hierarchy: V2('/m', '/own'), path: 'a', directory: '/m/a' },
  { name: 'v2: at the root there is no beside', hierarchy: V2('/m', '/'), path: 'a', directory: '/m/a' },
  {
    name: 'nested: the part of the own path that the mount does not show is left out',
    hierarchy: V1([], '/m', '/docker/abc/in', '/docker/abc'),
    path: 'a',
    directory: '/m/in/a',
  },
  {
    name: 'nested: the own cgroup is the one that is mounted',
    hierarchy: V1([], '/m', '/docker/abc', '/docker/abc'),
    path: 'a',
    directory: '/m/a',
  },
  {
    name: 'nested: a cgroup with a similar name is another',
    hierarchy: V1([], '/m', '/docker/abcd', '/docker/abc'),
    path: 'a',
    directory: '/m/docker/abcd/a',
  },
  {
    name: 'empty and single-dot parts do not count',
    hierarchy: V1([], '/m', '/'),
    path: '//a/./b/',
    directory: '/m/a/b',
  },
];
for (const { name, hierarchy, path, directory } of places) {
  test(name, () => assert.is(directoryOf(hierarchy, path), directory));
}

test("the folder of the runtime's own cgroup is the one that the mount shows", () => {
  assert.is(ownFolder(V2('/m', '/user.slice/own.scope')), '/m/user.slice/own.scope');
  assert.is(ownFolder(V1([], '/m', '/docker/abc/in', '/docker/abc')), '/m/in');
  assert.is(ownFolder(V1([], '/m', '/')), '/m');
});

test("this host's hierarchies can be read", () => {
  for (const { mountPoint, own } of readHierarchies()) assert.ok(mountPoint.startsWith('/') && own.startsWith('/'));
});

test.run();
