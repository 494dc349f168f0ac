import { lstatSync, mkdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { makedev } from '../../bindings/files.ts';
import { inChild, rootTest, strictSuite } from '../../bindings/strict-suite.ts';
import type { Device } from '../bundle/config.ts';
import { planDevices } from '../plan/devices.ts';
import { makeDevices } from './devices.ts';
import { lineOf, mountOn, withRoot } from './fixtures/root.ts';

const test = strictSuite('init/devices', import.meta.path);

const plan = (...devices: Device[]) => planDevices({ ociVersion: '1.3.0', linux: { devices } }, []);
const FUSE: Device = { path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 0o640, uid: 7, gid: 8 };

function properties(path: string): [kind: number, mode: number, device: number, uid: number, gid: number] {
  const { mode, rdev, uid, gid } = lstatSync(path);
  return [mode & K.S_IFMT, mode & 0o7777, rdev, uid, gid];
}

rootTest(test, 'default devices and links are made, with their folder', () => {
  withRoot((root, rootFd) => {
    makeDevices(rootFd, plan());
    assert.equal(properties(`${root}/dev/null`), [K.S_IFCHR, 0o666, makedev(1, 3), 0, 0]);
    assert.equal(properties(`${root}/dev/tty`), [K.S_IFCHR, 0o666, makedev(5, 0), 0, 0]);
    assert.equal(['fd', 'stdin', 'ptmx'].map((name) => readlinkSync(`${root}/dev/${name}`)), [
      ...['/proc/self/fd', '/proc/self/fd/0', 'pts/ptmx'],
    ]);
  });
});

rootTest(test, 'a configured device has its mode and owner, whatever the umask', () => {
  withRoot((root, rootFd) => {
    const before = process.umask(0o077);
    makeDevices(rootFd, plan(FUSE, { path: '/run/pipe', type: 'p', fileMode: 0o4622 }));
    process.umask(before);
    assert.equal(properties(`${root}/dev/fuse`), [K.S_IFCHR, 0o640, makedev(10, 229), 7, 8]);
    assert.equal(properties(`${root}/run/pipe`), [K.S_IFIFO, 0o4622, 0, 0, 0]);
  });
});

rootTest(test, 'a device that is there already is left as it is', () => {
  withRoot((root, rootFd) => {
    makeDevices(rootFd, plan(FUSE));
    makeDevices(rootFd, plan({ ...FUSE, fileMode: 0o600 }));
    assert.equal(properties(`${root}/dev/fuse`)[1], 0o640);
  });
});

const others: [name: string, make: (path: string) => void][] = [
  ['a file', (path) => writeFileSync(path, '')],
  ['a folder', (path) => mkdirSync(path)],
  ['a link, even to the device itself', (path) => symlinkSync('/dev/zero', path)],
];
for (const [name, make] of others) {
  rootTest(test, `${name} in the place of a device is an error that names it`, () => {
    withRoot((root, rootFd) => {
      mkdirSync(`${root}/dev`);
      make(`${root}/dev/zero`);
      const line = lineOf(() => makeDevices(rootFd, plan()));
      assert.is(line, 'default device /dev/zero: /dev/zero exists already and is not the character device 1:5');
    });
  });
}

rootTest(test, 'a device of the same kind with another number is an error too', () => {
  withRoot((_, rootFd) => {
    makeDevices(rootFd, plan(FUSE));
    const line = lineOf(() => makeDevices(rootFd, plan({ ...FUSE, minor: 230 })));
    assert.is(line, '/linux/devices/0 (/dev/fuse): /dev/fuse exists already and is not the character device 10:230');
  });
});

rootTest(test, 'a link of the image stays', () => {
  withRoot((root, rootFd) => {
    mkdirSync(`${root}/dev`);
    symlinkSync('elsewhere', `${root}/dev/stdin`);
    makeDevices(rootFd, plan());
    assert.is(readlinkSync(`${root}/dev/stdin`), 'elsewhere');
  });
});

rootTest(test, 'in a user namespace, where mknod is not permitted, the node of the host is mounted in its place', () => {
  const answer = inChild(() => {
    becomeMappedRoot();
    return withRoot((root, rootFd) => {
      makeDevices(rootFd, { nodes: plan().nodes.slice(0, 1), links: [] });
      return [statSync(`${root}/dev/null`).rdev === makedev(1, 3), mountOn(`${root}/dev/null`) !== undefined].join();
    });
  }, K.CLONE_NEWUSER | K.CLONE_NEWNS);
  assert.is(answer, 'true,true');
});

rootTest(test, 'a device that the host does not have is an error there', () => {
  const answer = inChild(() => {
    becomeMappedRoot();
    return withRoot((_, rootFd) => lineOf(() => makeDevices(rootFd, plan({ ...FUSE, path: '/dev/null' }))));
  }, K.CLONE_NEWUSER | K.CLONE_NEWNS);
  const reason = "the host's /dev/null is not the device 10:229, and mknod is not permitted here";
  assert.is(answer, `/linux/devices/0 (/dev/null): ${reason}`);
});

function becomeMappedRoot(): void {
  writeFileSync('/proc/self/setgroups', 'deny');
  for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/self/${map}`, '0 0 1');
}

test.run();
