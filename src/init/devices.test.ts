import { lstatSync, mkdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { isolatedSuite, rootTest } from '../../bindings/root-suite.ts';
import type { Device } from '../bundle/config.ts';
import { makePath } from '../create/container-paths.ts';
import type { Event } from '../final/event.ts';
import { type DevicesPlan, planDevices } from '../plan/devices.ts';
import { SAMPLE_HOST } from '../plan/fixtures/plan.ts';
import { makeDevices, makedev } from './devices.ts';
import { argsOf, callsOf, rootScriptOf } from './fixtures/lines.ts';
import { mountOn, type RunOptions, runInRoot, withFolder, withRoot } from './fixtures/stage.ts';

const test = isolatedSuite('init/devices', import.meta.path);

const numbers: [major: number, minor: number, number: number][] = [
  [1, 3, 0x103],
  [8, 255, 0x8ff],
  [259, 256, 0x110300],
  [4095, 0xfffff, 0xffffffff],
];
for (const [major, minor, number] of numbers) {
  test(`device ${major}:${minor} is number 0x${number.toString(16)}`, () => assert.is(makedev(major, minor), number));
}

const plan = (...devices: Device[]): DevicesPlan =>
  planDevices({ ociVersion: '1.3.0', linux: { devices } }, [], SAMPLE_HOST);
const FUSE: Device = { path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 0o640, uid: 7, gid: 8 };

interface Made {
  line: string;
  /** The paths of devices that the runtime was asked to compare. */
  checked: string[];
}

function make(folder: string, devices: DevicesPlan, options: RunOptions = {}): Made {
  const checked: string[] = [];
  const answer = (event: Event): void => {
    if (event.type === 'checkDevice') checked.push(devices.nodes[event.index]?.path ?? '?');
    if (event.type !== 'makePath') return;
    withFolder(folder, (fd) => makePath(fd, event.path, event.entry, { uid: 0, gid: 0 }));
  };
  return { line: runInRoot(folder, (root) => makeDevices(root, devices), { ...options, answer }), checked };
}

const DONE: Made = { line: 'done', checked: [] };

function properties(path: string): [kind: number, mode: number, device: number, uid: number, gid: number] {
  const { mode, rdev, uid, gid } = lstatSync(path);
  return [mode & K.S_IFMT, mode & 0o7777, rdev, uid, gid];
}

rootTest(test, 'default devices and links are made, with their folder', () => {
  withRoot((root) => {
    assert.equal(make(root, plan()), DONE);
    assert.equal(properties(`${root}/dev/null`), [K.S_IFCHR, 0o666, makedev(1, 3), 0, 0]);
    assert.equal(properties(`${root}/dev/tty`), [K.S_IFCHR, 0o666, makedev(5, 0), 0, 0]);
    const links = ['fd', 'stdin', 'ptmx'].map((name) => readlinkSync(`${root}/dev/${name}`));
    assert.equal(links, ['/proc/self/fd', '/proc/self/fd/0', 'pts/ptmx']);
  });
});

rootTest(test, 'a configured device has its number, mode and owner', () => {
  withRoot((root) => {
    const large: Device = { path: '/run/large', type: 'b', major: 4095, minor: 0xfffff };
    const fifo: Device = { path: '/run/pipe', type: 'p', fileMode: 0o622 };
    assert.equal(make(root, plan(FUSE, large, fifo)), DONE);
    assert.equal(properties(`${root}/dev/fuse`), [K.S_IFCHR, 0o640, makedev(10, 229), 7, 8]);
    assert.equal(properties(`${root}/run/large`), [K.S_IFBLK, 0o666, 0xffffffff, 0, 0]);
    assert.equal(properties(`${root}/run/pipe`), [K.S_IFIFO, 0o622, 0, 0, 0]);
  });
});

rootTest(test, 'set-id bits stay with another owner, or that is an error before Linux 6.6', () => {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  withRoot((root) => {
    const { line } = make(root, plan({ ...FUSE, path: '/dev/set', fileMode: 0o6755 }));
    if (major > 6 || (major === 6 && minor >= 6)) assert.is(properties(`${root}/dev/set`)[1], 0o6755);
    else assert.is(line, '/linux/devices/0 (/dev/set): fchmodat2 /dev/set ENOSYS');
  });
});

test('the owner of a node is changed by its descriptor, never by a name that may be a link meanwhile', () => {
  const script = rootScriptOf((root) => makeDevices(root, { nodes: plan(FUSE).nodes, links: [], mayMakeNodes: true }));
  assert.equal(
    callsOf(script, 'fchownat', 'fchmodat', 'fchmodat2').map((call) => argsOf(script, call)),
    [['slot', '', 7, 8, K.AT_EMPTY_PATH]],
  );
});

const others: [name: string, make: (path: string) => void][] = [
  ['a file', (path) => writeFileSync(path, '')],
  ['a folder', (path) => mkdirSync(path)],
  ['a link, even to the device itself', (path) => symlinkSync('/dev/zero', path)],
];
for (const [name, makeOther] of others) {
  rootTest(test, `${name} in the place of a device stays, and the runtime is asked about it`, () => {
    withRoot((root) => {
      mkdirSync(`${root}/dev`);
      makeOther(`${root}/dev/zero`);
      const before = properties(`${root}/dev/zero`);
      assert.equal(make(root, plan()), { line: 'done', checked: ['/dev/zero'] });
      assert.equal(properties(`${root}/dev/zero`), before);
    });
  });
}

rootTest(test, 'a device that cannot be made is told by its place in the config', () => {
  withRoot((root) => {
    const path = `/dev/${'ö'.repeat(130)}`;
    const { line } = make(root, plan(FUSE, { ...FUSE, path: '/dev/two' }, { ...FUSE, path }));
    assert.is(line, `/linux/devices/2 (${path}): mknodat ${path} ENAMETOOLONG`);
    assert.equal(properties(`${root}/dev/two`), [K.S_IFCHR, 0o640, makedev(10, 229), 7, 8]);
  });
});

rootTest(test, 'a link of the image stays', () => {
  withRoot((root) => {
    mkdirSync(`${root}/dev`);
    symlinkSync('elsewhere', `${root}/dev/stdin`);
    assert.equal(make(root, plan()), DONE);
    assert.is(readlinkSync(`${root}/dev/stdin`), 'elsewhere');
  });
});

rootTest(test, 'in a user namespace the nodes of the host are mounted over files, and compared', () => {
  withRoot((folder) => {
    mkdirSync(`${folder}/dev`);
    const nodes = plan().nodes.slice(0, 2);
    const unshare = K.CLONE_NEWUSER | K.CLONE_NEWNS;
    let isMounted = false;
    const look = (pid: number) => {
      isMounted = nodes.every(({ path }) => mountOn(folder + path, pid) !== undefined);
      assert.is(statSync(`/proc/${pid}/root${folder}/dev/null`).rdev, makedev(1, 3));
    };
    const made = make(folder, { nodes, links: [], mayMakeNodes: false }, { unshare, look });
    assert.equal(made, { line: 'done', checked: ['/dev/null', '/dev/zero'] });
    assert.ok(isMounted);
  });
});

test.run();
