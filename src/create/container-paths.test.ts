// A hostile tree: everything in there may be a link to anywhere. ROOT stands for it in what is expected.
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { mknodat } from '../../bindings/files.ts';
import { rootTest } from '../../bindings/root-suite.ts';
import { callError, toRuntimeError } from '../errors.ts';
import type { DevicePlan } from '../plan/devices.ts';
import { checkDevice, type Entry, makePath, openPath } from './container-paths.ts';

const test = suite('create/container-paths');

const outside = mkdtempSync('/tmp/runts-outside-');
writeFileSync(`${outside}/secret`, '');
test.after(() => rmSync(outside, { recursive: true }));

type Links = Record<string, string>;

function inTree<T>(links: Links, action: (rootFd: number, root: string) => T): T {
  const root = mkdtempSync('/tmp/runts-paths-');
  mkdirSync(`${root}/etc`);
  writeFileSync(`${root}/etc/passwd`, '');
  for (const [path, target] of Object.entries(links)) symlinkSync(target, `${root}/${path}`);
  const rootFd = openSync(root, 'r');
  try {
    return action(rootFd, root);
  } finally {
    closeSync(rootFd);
    rmSync(root, { recursive: true });
  }
}

const lineOf = (action: () => string): string => {
  try {
    return action();
  } catch (error) {
    return toRuntimeError(error)?.oneLine ?? String(error);
  }
};

// Where a path leads to.
function placeOf(rootFd: number, root: string, path: string): string {
  return lineOf(() => {
    const fd = openPath(rootFd, path);
    if (fd === undefined) return 'missing';
    const place = readlinkSync(`/proc/self/fd/${fd}`).replace(root, 'ROOT');
    closeSync(fd);
    return place;
  });
}

const opened: [name: string, links: Links, path: string, place: string][] = [
  ['a file', {}, '/etc/passwd', 'ROOT/etc/passwd'],
  ['the root', {}, '/', 'ROOT'],
  ['what is not there', {}, '/none/x', 'missing'],
  ['dots that lead out end at the root', {}, '/../../../etc/passwd', 'ROOT/etc/passwd'],
  ['an absolute link starts at the root', { a: '/etc' }, '/a/passwd', 'ROOT/etc/passwd'],
  ['an absolute link to a folder of the host leads nowhere', { a: outside }, '/a/secret', 'missing'],
  ['a relative link cannot lead out', { a: '../../../../../../etc' }, '/a', 'ROOT/etc'],
  ['a link to a link', { a: 'b', b: '/etc/passwd' }, '/a', 'ROOT/etc/passwd'],
  ['links in circles', { a: 'b', b: 'a' }, '/a', callError('openat2 /a ELOOP', 'openat2', 'ELOOP').oneLine],
  ['a file as a folder', {}, '/etc/passwd/x', 'openat2 /etc/passwd/x ENOTDIR'],
];
for (const [name, links, path, place] of opened) {
  test(`opened: ${name}`, () => inTree(links, (rootFd, root) => assert.is(placeOf(rootFd, root, path), place)));
}

test('a magic link is refused', () => {
  const procFd = openSync('/proc', 'r');
  assert.throws(() => openPath(procFd, '/self/root/etc'), /openat2 \/self\/root\/etc ELOOP/);
  closeSync(procFd);
});

const made: [name: string, links: Links, path: string, entry: Entry, place: string][] = [
  ['nothing if it is there', {}, '/etc/passwd', 'file', 'ROOT/etc/passwd'],
  ['a directory with its parents', {}, '/a/b/c', 'directory', 'ROOT/a/b/c'],
  ['a file with its parents', {}, '/a/b', 'file', 'ROOT/a/b'],
  ['below a link', { a: '/etc' }, '/a/x', 'file', 'ROOT/etc/x'],
  ['the target of a link to nowhere', { a: 'none/x' }, '/a', 'file', 'ROOT/none/x'],
  ['that of an absolute link within the root', { a: `${outside}/made` }, '/a', 'directory', `ROOT${outside}/made`],
  ['that of a link that leads out', { a: '../../../x' }, '/a', 'directory', 'ROOT/x'],
  ['below a link to nowhere', { a: 'none' }, '/a/b', 'file', 'ROOT/none/b'],
  ['what a chain of links ends at', { a: 'b', b: '/c', c: 'etc/new' }, '/a', 'file', 'ROOT/etc/new'],
  ['folders that dots lead out of again', {}, '/a/../b', 'directory', 'ROOT/b'],
  ['a path with slashes at the end', {}, '/a/b//', 'directory', 'ROOT/a/b'],
];
for (const [name, links, path, entry, place] of made) {
  test(`made: ${name}`, () => {
    inTree(links, (rootFd, root) => {
      makePath(rootFd, path, entry, { uid: 0, gid: 0 });
      assert.is(placeOf(rootFd, root, path), place);
      assert.is(statSync(place.replace('ROOT', root)).isDirectory(), entry === 'directory');
    });
  });
}

test('nothing of this is made outside', () => {
  inTree({ a: `${outside}/made`, b: `../../..${outside}/made` }, (rootFd) => {
    for (const path of ['/a', '/b']) makePath(rootFd, path, 'directory', { uid: 0, gid: 0 });
    assert.equal(readdirSync(outside), ['secret']);
  });
});

const refused: [name: string, links: Links, path: string, line: string][] = [
  ['links in circles', { a: 'b', b: 'a' }, '/a', callError('openat2 /a ELOOP', 'openat2', 'ELOOP').oneLine],
  [
    'a link to itself, seen from a folder that is missing',
    { a: 'c/../a' },
    '/a',
    callError('openat2 //c/../a ELOOP', 'openat2', 'ELOOP').oneLine,
  ],
  ['something below a file', {}, '/etc/passwd/x', 'openat2 /etc/passwd/x ENOTDIR'],
  ['a name that is too long', {}, `/${'x'.repeat(300)}`, `openat2 /${'x'.repeat(254)}… ENAMETOOLONG`],
];
for (const [name, links, path, line] of refused) {
  test(`not made: ${name}`, () => {
    inTree(links, (rootFd) => {
      const make = () => {
        makePath(rootFd, path, 'directory', { uid: 0, gid: 0 });
        return 'made';
      };
      assert.is(lineOf(make), line);
    });
  });
}

rootTest(test, "what is made belongs to the container's root, what was there keeps its owner", () => {
  inTree({ link: 'target' }, (rootFd, root) => {
    makePath(rootFd, '/etc/a/file', 'file', { uid: 1000, gid: 2000 });
    makePath(rootFd, '/link', 'directory', { uid: 1000, gid: 2000 });
    const owner = (path: string) => [statSync(`${root}/${path}`).uid, statSync(`${root}/${path}`).gid];
    assert.equal(['etc', 'etc/a', 'etc/a/file', 'target'].map(owner), [
      [0, 0],
      [1000, 2000],
      [1000, 2000],
      [1000, 2000],
    ]);
  });
});

const device = (kind: number, [major, minor]: [number, number]): DevicePlan => ({
  ...{ label: '/linux/devices/0 (/dev/x)', path: '/dev/x', kind, major, minor },
  ...{ mode: 0o666, uid: 0, gid: 0 },
});

const NULL_DEVICE = 0x103;
const LARGE_DEVICE = 0xffffffff; // 4095:1048575
const checks: [name: string, make: (devFd: number, dev: string) => void, wanted: DevicePlan, line: string][] = [
  ['the device', (fd) => mknodat(fd, 'x', K.S_IFCHR | 0o600, NULL_DEVICE), device(K.S_IFCHR, [1, 3]), 'the same'],
  [
    'a device with large numbers',
    (fd) => mknodat(fd, 'x', K.S_IFCHR | 0o600, LARGE_DEVICE),
    device(K.S_IFCHR, [4095, 0xfffff]),
    'the same',
  ],
  [
    'another device',
    (fd) => mknodat(fd, 'x', K.S_IFCHR | 0o600, NULL_DEVICE),
    device(K.S_IFCHR, [1, 5]),
    '/dev/x exists already and is not the character device 1:5',
  ],
  [
    'the same numbers of the other kind',
    (fd) => mknodat(fd, 'x', K.S_IFCHR | 0o600, NULL_DEVICE),
    device(K.S_IFBLK, [1, 3]),
    '/dev/x exists already and is not the block device 1:3',
  ],
  ['a FIFO', (fd) => mknodat(fd, 'x', K.S_IFIFO | 0o600), device(K.S_IFIFO, [0, 0]), 'the same'],
  [
    'a file',
    (_, dev) => writeFileSync(`${dev}/x`, ''),
    device(K.S_IFIFO, [0, 0]),
    '/dev/x exists already and is not the FIFO device 0:0',
  ],
  [
    'a link to the device',
    (fd, dev) => {
      mknodat(fd, 'y', K.S_IFCHR | 0o600, NULL_DEVICE);
      symlinkSync('y', `${dev}/x`);
    },
    device(K.S_IFCHR, [1, 3]),
    '/dev/x exists already and is not the character device 1:3',
  ],
  ['nothing', () => {}, device(K.S_IFCHR, [1, 3]), 'openat2 /dev/x ENOENT'],
];
for (const [name, make, wanted, line] of checks) {
  rootTest(test, `${name} where a device is wanted: ${line}`, () => {
    inTree({}, (rootFd, root) => {
      mkdirSync(`${root}/dev`);
      const devFd = openSync(`${root}/dev`, 'r');
      make(devFd, `${root}/dev`);
      closeSync(devFd);
      const check = () => {
        checkDevice(rootFd, wanted);
        return 'the same';
      };
      assert.is(lineOf(check), line);
    });
  });
}

test('a device in a folder that is missing is missing', () => {
  inTree({}, (rootFd, root) => {
    assert.not.ok(existsSync(`${root}/dev`));
    assert.throws(() => checkDevice(rootFd, device(K.S_IFCHR, [1, 3])), /openat2 \/dev ENOENT/);
  });
});

test.run();
