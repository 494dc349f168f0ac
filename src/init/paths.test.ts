import { closeSync, mkdirSync, mkdtempSync, openSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SyscallError } from '../../bindings/errno.ts';
import { isDirectory, type Kind, makeParent, makePath, openPath, relative } from './paths.ts';

const test = suite('init/paths');

// The container's root is `root`; what lies beside it is the host's.
let host = '';
let rootFd = -1;
test.before.each(() => {
  host = mkdtempSync('/tmp/runts-paths-');
  mkdirSync(`${host}/root/etc`, { recursive: true });
  writeFileSync(`${host}/root/etc/passwd`, '');
  rootFd = openSync(`${host}/root`, 'r');
});
test.after.each(() => {
  closeSync(rootFd);
  rmSync(host, { recursive: true });
});

// Where a descriptor leads, as seen from the host's folder.
const placeOf = (fd: number | undefined): string | undefined => {
  if (fd === undefined) return undefined;
  const place = readlinkSync(`/proc/self/fd/${fd}`);
  closeSync(fd);
  return place.replace(host, '');
};
const link = (target: string, path: string): void => symlinkSync(target, `${host}/root/${path}`);
const failsWith = (errno: string) => (error: unknown) => error instanceof SyscallError && error.errno === errno;

for (const [path, expected] of [['/', '.'], ['///', '.'], ['/a/b', 'a/b'], ['a', 'a']] as const) {
  test(`${path} is ${expected} seen from the root`, () => assert.is(relative(path), expected));
}

const opened: { name: string; links: [target: string, path: string][]; path: string; place: string | undefined }[] = [
  { name: 'a file', links: [], path: '/etc/passwd', place: '/root/etc/passwd' },
  { name: 'the root', links: [], path: '/', place: '/root' },
  { name: 'nothing', links: [], path: '/etc/none', place: undefined },
  { name: 'dots that lead out end at the root', links: [], path: '/../../etc/passwd', place: '/root/etc/passwd' },
  { name: 'an absolute link starts at the root', links: [['/etc', 'a']], path: '/a/passwd', place: '/root/etc/passwd' },
  { name: 'a link that leads out stays inside', links: [['../../../etc', 'a']], path: '/a/passwd', place: '/root/etc/passwd' },
  { name: 'a link to nowhere', links: [['/none', 'a']], path: '/a', place: undefined },
];
for (const { name, links, path, place } of opened) {
  test(`opened: ${name}`, () => {
    for (const [target, at] of links) link(target, at);
    assert.is(placeOf(openPath(rootFd, path)), place);
  });
}

test('a magic link is refused: it would lead to wherever the runtime has a descriptor', () => {
  const procFd = openSync('/proc', 'r');
  const outside = openSync(host, 'r');
  assert.throws(() => openPath(procFd, `/self/fd/${outside}`), failsWith('ELOOP'));
  closeSync(procFd);
  closeSync(outside);
});

test('links that go round in circles are an error', () => {
  link('b', 'a');
  link('a', 'b');
  assert.throws(() => openPath(rootFd, '/a'), failsWith('ELOOP'));
  assert.throws(() => makePath(rootFd, '/a', 'directory'), failsWith('ELOOP'));
});

const made: { name: string; links: [target: string, path: string][]; path: string; kind: Kind; place: string }[] = [
  { name: 'what exists is used', links: [], path: '/etc/passwd', kind: 'file', place: '/root/etc/passwd' },
  { name: 'a directory with its parents', links: [], path: '/a/b/c', kind: 'directory', place: '/root/a/b/c' },
  { name: 'a file with its parents', links: [], path: '/a/b/file', kind: 'file', place: '/root/a/b/file' },
  { name: 'a slash at the end does not count', links: [], path: '/a/b/', kind: 'directory', place: '/root/a/b' },
  { name: 'beyond a link', links: [['/etc', 'a']], path: '/a/new', kind: 'directory', place: '/root/etc/new' },
  { name: 'dots that lead out', links: [], path: '/../../new', kind: 'directory', place: '/root/new' },
  { name: 'the target of a link to nowhere', links: [['/x/y', 'a']], path: '/a', kind: 'file', place: '/root/x/y' },
  { name: 'of a relative link', links: [['../x', 'etc/a']], path: '/etc/a/b', kind: 'directory', place: '/root/x/b' },
  { name: 'of a link that leads out', links: [['../../../x', 'a']], path: '/a', kind: 'directory', place: '/root/x' },
  { name: 'of a link to a link', links: [['b', 'a'], ['c', 'b']], path: '/a', kind: 'directory', place: '/root/c' },
];
for (const { name, links, path, kind, place } of made) {
  test(`made: ${name}`, () => {
    for (const [target, at] of links) link(target, at);
    assert.is(placeOf(makePath(rootFd, path, kind)), place);
    assert.is(statSync(host + place).isDirectory(), kind === 'directory');
    assert.not.ok(statSync(`${host}/x`, { throwIfNoEntry: false }));
  });
}

test('what is made has the usual modes', () => {
  const before = process.umask(0);
  closeSync(makePath(rootFd, '/a/file', 'file'));
  process.umask(before);
  const modes = ['a', 'a/file'].map((name) => statSync(`${host}/root/${name}`).mode & 0o777);
  assert.equal(modes, [0o755, 0o644]);
});

test('beyond a file nothing can be made', () => {
  assert.throws(() => makePath(rootFd, '/etc/passwd/x', 'directory'), failsWith('ENOTDIR'));
});

test('no descriptor is left open', () => {
  const before = openSync('/dev/null', 'r');
  closeSync(before);
  closeSync(makePath(rootFd, '/a/b/c', 'directory'));
  assert.throws(() => makePath(rootFd, '/etc/passwd/x', 'file'));
  const after = openSync('/dev/null', 'r');
  closeSync(after);
  assert.is(after, before);
});

test('the folder of a new entry is made, and the entry itself is not', () => {
  const { parentFd, name } = makeParent(rootFd, '/dev/net/tun');
  assert.equal([placeOf(parentFd), name], ['/root/dev/net', 'tun']);
  assert.is(openPath(rootFd, '/dev/net/tun'), undefined);
});

test('directories are told from files', () => {
  const fds = ['/etc', '/etc/passwd'].map((path) => openPath(rootFd, path) ?? -1);
  assert.equal(fds.map(isDirectory), [true, false]);
  fds.forEach(closeSync);
});

test.run();
