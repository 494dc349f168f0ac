import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mayBeHidden, reachableCgroupMounts } from './hidden-mounts.ts';

const test = suite('cgroup/hidden-mounts');

const line = (id: number, parent: number, point: string, type: string) =>
  `${id} ${parent} 0:${id} / ${point} rw,nosuid - ${type} ${type} rw\n`;

const HOST = [
  line(20, 1, '/', 'ext4'),
  line(21, 20, '/sys', 'sysfs'),
  line(22, 21, '/sys/fs/cgroup', 'tmpfs'),
  line(23, 22, '/sys/fs/cgroup/pids', 'cgroup'),
  line(24, 22, '/sys/fs/cgroup/unified', 'cgroup2'),
].join('');

const ids = (mountinfo: string): string[] =>
  reachableCgroupMounts(mountinfo)
    .split('\n')
    .map((text) => text.split(' ')[0] ?? '')
    .filter(Boolean);

test('on a usual host nothing is hidden', () => {
  assert.is(mayBeHidden(HOST, ['/sys/fs/cgroup/pids', '/sys/fs/cgroup/unified']), false);
  assert.equal(ids(HOST), ['23', '24']);
});

test("below a container's own /sys the host's mounts cannot be reached, its own can", () => {
  const own = [
    line(30, 21, '/sys', 'sysfs'),
    line(31, 30, '/sys/fs/cgroup', 'tmpfs'),
    line(32, 31, '/sys/fs/cgroup/pids', 'cgroup'),
  ].join('');
  assert.is(mayBeHidden(HOST + own, ['/sys/fs/cgroup/pids']), true);
  assert.equal(ids(HOST + own), ['32']);
});

test('a mount over another, at the same place or above it', () => {
  assert.equal(ids(HOST + line(33, 23, '/sys/fs/cgroup/pids', 'cgroup')), ['24', '33']);
  assert.equal(ids(HOST + line(34, 22, '/sys/fs/cgroup', 'tmpfs')), []);
  assert.equal(ids(HOST + line(35, 21, '/sys/fs', 'tmpfs')), []);
  assert.equal(ids(HOST + line(36, 24, '/sys/fs/cgroup/unified/a', 'tmpfs')), ['23', '24']);
});

test('a similar path is another', () => {
  assert.equal(ids(HOST + line(37, 22, '/sys/fs/cgroup/pid', 'tmpfs')), ['23', '24']);
  assert.is(mayBeHidden(HOST + line(37, 22, '/sys/fs/cgroup/pid', 'tmpfs'), ['/sys/fs/cgroup/pids']), false);
});

test.run();
