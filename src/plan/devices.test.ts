import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import type { Device, Mount } from '../bundle/config.ts';
import { planDevices } from './devices.ts';
import { planMounts } from './mounts.ts';

const test = suite('plan/devices');

function plan(devices: Device[], mounts: Mount[] = []) {
  return planDevices(
    { ociVersion: '1.3.0', linux: { devices } },
    planMounts(mounts, { bundle: '/bundle', isInUser: false }),
    {
      isInitialUser: true,
      hasKcore: true,
      grantableCapabilities: 1n << 27n,
    },
  );
}

test("config-linux.md's default devices are made when none are configured", () => {
  const { nodes } = plan([]);
  const numbers = nodes.map(({ path, major, minor }) => `${path} ${major}:${minor}`);
  const memory = ['/dev/null 1:3', '/dev/zero 1:5', '/dev/full 1:7', '/dev/random 1:8', '/dev/urandom 1:9'];
  assert.equal(numbers, [...memory, '/dev/tty 5:0']);
  assert.ok(nodes.every(({ kind, mode, uid, gid }) => kind === K.S_IFCHR && mode === 0o666 && uid + gid === 0));
});

test('nodes are made by whoever has CAP_MKNOD in the user namespace of the host', () => {
  const may = (isInitialUser: boolean, grantableCapabilities: bigint) =>
    planDevices({ ociVersion: '1.3.0' }, [], { isInitialUser, hasKcore: true, grantableCapabilities }).mayMakeNodes;
  assert.equal([may(true, 1n << 27n), may(true, 0n), may(false, 1n << 27n)], [true, false, false]);
});

test("runtime-linux.md's links are made, and /dev/ptmx leads to the container's own", () => {
  assert.equal(Object.fromEntries(plan([]).links.map(({ path, target }) => [path, target])), {
    '/dev/fd': '/proc/self/fd',
    '/dev/stdin': '/proc/self/fd/0',
    '/dev/stdout': '/proc/self/fd/1',
    '/dev/stderr': '/proc/self/fd/2',
    '/dev/core': '/proc/kcore',
    '/dev/ptmx': 'pts/ptmx',
  });
});

const configured: { name: string; device: Device; node: object }[] = [
  {
    name: 'a character device keeps all of its properties',
    device: { path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 0o640, uid: 7, gid: 8 },
    node: { kind: K.S_IFCHR, major: 10, minor: 229, mode: 0o640, uid: 7, gid: 8 },
  },
  {
    name: 'mode, owner and group have defaults',
    device: { path: '/dev/fuse', type: 'b', major: 8, minor: 1 },
    node: { kind: K.S_IFBLK, major: 8, minor: 1, mode: 0o666, uid: 0, gid: 0 },
  },
  {
    name: 'type u is a character device',
    device: { path: '/dev/fuse', type: 'u', major: 10, minor: 229 },
    node: { kind: K.S_IFCHR, major: 10, minor: 229, mode: 0o666, uid: 0, gid: 0 },
  },
  {
    name: 'a FIFO has no numbers',
    device: { path: '/dev/fuse', type: 'p', fileMode: 0o600 },
    node: { kind: K.S_IFIFO, major: 0, minor: 0, mode: 0o600, uid: 0, gid: 0 },
  },
  {
    name: 'the file type in fileMode is left out',
    device: { path: '/dev/fuse', type: 'c', major: 1, minor: 2, fileMode: 0o020644 },
    node: { kind: K.S_IFCHR, major: 1, minor: 2, mode: 0o644, uid: 0, gid: 0 },
  },
];
for (const { name, device, node } of configured) {
  test(name, () => {
    const expected = { label: '/linux/devices/0 (/dev/fuse)', path: '/dev/fuse', ...node };
    assert.equal(plan([device]).nodes.at(-1), expected);
  });
}

test('a configured device takes the place of the default one', () => {
  const { nodes } = plan([{ path: '/dev/null', type: 'c', major: 1, minor: 3, fileMode: 0o600 }]);
  const nulls = nodes.filter(({ path }) => path === '/dev/null');
  assert.equal(
    nulls.map(({ mode }) => mode),
    [0o600],
  );
});

const FUSE: Device = { path: '/dev/fuse', type: 'c', major: 10, minor: 229 };
for (const destination of ['/dev', '/dev/', '//dev', 'dev']) {
  test(`a /dev bound from the host as "${destination}" gets nothing but what the config lists`, () => {
    const { nodes, links } = plan([FUSE], [{ destination, source: '/dev', options: ['rbind'] }]);
    assert.equal([nodes.map(({ path }) => path), links], [['/dev/fuse'], []]);
  });
}

for (const mount of [
  { destination: '/dev', type: 'tmpfs' },
  { destination: '/dev/shm', source: '/x', options: ['bind'] },
]) {
  test(`a ${mount.type ?? 'bind mount'} on ${mount.destination} leaves the default devices`, () => {
    assert.is(plan([], [mount]).nodes.length, 6);
  });
}

test.run();
