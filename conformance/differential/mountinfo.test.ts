import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mountFields } from './mountinfo.ts';

const test = suite('differential/mountinfo');

const TEXT = `30 20 254:0 /bundle/rootfs / rw,relatime master:1 - ext4 /dev/vda rw,discard
31 30 0:5 / /dev rw,nosuid - tmpfs tmpfs rw,mode=755,size=64k
32 31 0:6 / /dev/shm rw,noexec,nosuid shared:7 master:2 - tmpfs shm rw
33 32 0:7 / /dev/shm ro - tmpfs tmpfs ro
`;

test('a field for each mount, with its parent, sorted options and the kind of propagation', () => {
  assert.equal(mountFields(TEXT), [
    ['mount /', 'on outside; ext4 /dev/vda /bundle/rootfs; relatime,rw; discard,rw; master'],
    ['mount /dev', 'on /; tmpfs tmpfs /; nosuid,rw; mode=755,rw,size=64k; private'],
    ['mount /dev/shm', 'on /dev; tmpfs shm /; noexec,nosuid,rw; rw; master shared'],
    ['mount /dev/shm#2', 'on /dev/shm; tmpfs tmpfs /; ro; ro; private'],
    ['mount order', '/ /dev /dev/shm /dev/shm'],
  ]);
});

test('numbers of mounts and peer groups make no difference', () => {
  const other = TEXT.replace(/\b3([0-3])\b/g, '7$1').replace('shared:7', 'shared:99');
  assert.equal(mountFields(other), mountFields(TEXT));
});

test.run();
