// linux.devices, the default devices and links, and the device rules.
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Device, DeviceRule } from '../../src/bundle/config.ts';
import { BASE_MOUNTS, type Changes, withMounts } from '../bundle.ts';
import { cgroupsOf, readText } from './host.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('devices');

const DEFAULTS: [path: string, majorMinor: string][] = [
  ['/dev/null', '1 3'],
  ['/dev/zero', '1 5'],
  ['/dev/full', '1 7'],
  ['/dev/random', '1 8'],
  ['/dev/urandom', '1 9'],
  ['/dev/tty', '5 0'],
];

test('the default devices are there, with their numbers and for everybody', () => {
  const script = DEFAULTS.map(([path]) => `stat -c '%F %a %u:%g %t %T' ${path}`).join('; ');
  const lines = runtime.inside(script).trimEnd().split('\n');
  DEFAULTS.forEach(([path, numbers], index) => {
    assert.is(lines[index], `character special file 666 0:0 ${numbers}`, path);
  });
});

test('the default devices work', () => {
  const script = [
    'echo gone > /dev/null',
    'head -c 4 /dev/zero | od -An -tx1',
    'head -c 8 /dev/urandom | wc -c',
    'echo x > /dev/full || echo full',
  ].join('; ');
  assert.is(runtime.inside(`(${script}) 2> /dev/null`), ' 00 00 00 00\n8\nfull\n');
});

test('the default devices work for an unprivileged user', () => {
  const process = { user: { uid: 1000, gid: 1000 } };
  assert.is(runtime.inside('echo > /dev/null; head -c 3 /dev/zero | wc -c', { process }), '3\n');
});

const LINKS: [path: string, target: string][] = [
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
  ['/dev/ptmx', 'pts/ptmx'],
];
for (const [path, target] of LINKS) {
  test(`${path} leads to ${target}`, () => {
    assert.is(runtime.inside(`readlink ${path}`), `${target}\n`);
  });
}

test('/dev/core leads to /proc/kcore, or is not there', () => {
  assert.match(runtime.inside('readlink /dev/core || true'), /^(\/proc\/kcore\n)?$/);
});

test('without a terminal there is no /dev/console', () => {
  assert.is(runtime.inside('test -e /dev/console && echo there || echo none'), 'none\n');
});

test('/dev holds nothing of the host', () => {
  const names = runtime.inside('ls /dev').trim().split('\n');
  const expected = 'core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero'.split(' ');
  assert.equal(
    names.filter((name) => name !== 'core'),
    expected.filter((name) => name !== 'core'),
  );
});

const device = (changes: Partial<Device>): Device => ({ path: '/dev/mine', type: 'c', major: 1, minor: 5, ...changes });

/** What stat says about /dev/mine, or about `path`. */
function statInside(changes: Partial<Device>): string {
  const { path } = device(changes);
  return runtime.inside(`stat -c '%F %a %u:%g %t %T' ${path}`, { linux: { devices: [device(changes)] } }).trimEnd();
}

test('a character device is made with its mode and owner', () => {
  const found = statInside({ fileMode: 0o640, uid: 5, gid: 6, minor: 11 });
  assert.is(found, 'character special file 640 5:6 1 b');
});

test('the umask of the caller does not change the mode of a device', () => {
  const bundle = runtime.bundle({
    process: { args: ['stat', '-c', '%a', '/dev/mine', '/dev/null'] },
    linux: { devices: [device({ fileMode: 0o666 })] },
  });
  const wrapper = ['sh', '-c', 'umask 077; exec "$@"', 'sh'];
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()], { wrapper }), '666\n666\n');
});

test('a block device is made', () => {
  assert.match(statInside({ type: 'b', major: 7, minor: 0, fileMode: 0o600 }), /^block special file 600 0:0 7 0$/);
});

test('an unbuffered character device "u" is a character device', () => {
  assert.match(statInside({ type: 'u' }), /^character special file/);
});

test('a FIFO needs no numbers', () => {
  const { major: _, minor: __, ...fifo } = device({ type: 'p', fileMode: 0o622 });
  assert.is(runtime.inside('stat -c "%F %a" /dev/mine', { linux: { devices: [fifo] } }), 'fifo 622\n');
});

test('a device outside of /dev, in a folder that is missing, is made', () => {
  assert.match(statInside({ path: '/deep/down/zero' }), /^character special file .* 1 5$/);
});

test('large device numbers are exact', () => {
  assert.match(statInside({ major: 4095, minor: 1048575 }), / fff fffff$/);
});

test('a device of the default list may be listed too', () => {
  assert.match(
    statInside({ path: '/dev/null', minor: 3, fileMode: 0o600, uid: 7 }),
    /^character special file \d+ \d+:0 1 3$/,
  );
});

function failsWith(changes: Changes, prepare: (rootfs: string) => void = () => {}): string {
  const bundle = runtime.bundle(changes);
  prepare(bundle.rootfs);
  return runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
}

test('a file in the place of a device is an error that names it', () => {
  const changes = { linux: { devices: [device({ path: '/etc/zero' })] } };
  const line = failsWith(changes, (rootfs) => writeFileSync(join(rootfs, 'etc/zero'), 'x'));
  assert.match(line, /\/etc\/zero/);
});

test('a matching device in the rootfs is taken as it is', () => {
  const bundle = runtime.bundle({
    process: { args: ['stat', '-c', '%t %T', '/etc/zero'] },
    linux: { devices: [device({ path: '/etc/zero' })] },
  });
  Bun.spawnSync(['mknod', join(bundle.rootfs, 'etc/zero'), 'c', '1', '5']);
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]), '1 5\n');
});

test('an unknown device type is an error', () => {
  const bundle = runtime.bundle({ linux: { devices: [device({})] } });
  const text = JSON.stringify(bundle.config).replace('"type":"c"', '"type":"x"');
  writeFileSync(join(bundle.directory, 'config.json'), text);
  assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), /devices|device|"x"/);
});

test('without a /dev mount the devices are made in the rootfs', () => {
  const mounts = BASE_MOUNTS.filter(({ destination }) => !destination.startsWith('/dev'));
  assert.is(runtime.inside('stat -c "%t %T" /dev/null', { mounts }), '1 3\n');
});

test('a bind-mounted /dev is not changed', () => {
  const host = join(runtime.folder, 'host-dev');
  mkdirSync(host);
  const mounts = BASE_MOUNTS.filter(({ destination }) => !destination.startsWith('/dev'));
  const dev = { destination: '/dev', source: host, options: ['bind'] };
  runtime.inside('true', { mounts: [...mounts, dev] });
  assert.equal(Bun.spawnSync(['ls', host]).stdout.toString(), '');
});

// Opening /dev/fuse needs no capability: only the cgroup decides.
const lacksFuse = /^ *229 fuse$/m.test(readText('/proc/misc')) ? undefined : 'no fuse device in this kernel';
const fuse = device({ path: '/dev/fuse', major: 10, minor: 229, fileMode: 0o666 });
const deny: DeviceRule = { allow: false, access: 'rwm' };
const allowFuse = (access: string): DeviceRule => ({ allow: true, type: 'c', major: 10, minor: 229, access });

function accessWith(...devices: DeviceRule[]): string {
  const script = '(true < /dev/fuse && echo read; true >> /dev/fuse && echo write) 2> /dev/null; true';
  return runtime.inside(script, { linux: { devices: [fuse], resources: { devices } } });
}

testUnless(lacksFuse, test, 'a device that no rule allows cannot be opened', () => {
  assert.is(accessWith(deny), '');
});

testUnless(lacksFuse, test, 'a rule allows exactly the access that it names', () => {
  assert.is(accessWith(deny, allowFuse('r')), 'read\n');
  assert.is(accessWith(deny, allowFuse('w')), 'write\n');
  assert.is(accessWith(deny, allowFuse('rw')), 'read\nwrite\n');
});

testUnless(lacksFuse, test, 'a rule without a minor number allows the whole driver', () => {
  assert.is(accessWith(deny, { allow: true, type: 'c', major: 10, access: 'rw' }), 'read\nwrite\n');
});

testUnless(lacksFuse, test, 'rules work in the listed order', () => {
  assert.is(accessWith(deny, allowFuse('rw'), { ...allowFuse('w'), allow: false }), 'read\n');
  assert.is(accessWith(deny, { ...allowFuse('rwm'), allow: false }, allowFuse('r')), 'read\n');
});

test('the default devices stay usable when everything is denied', () => {
  const linux = { resources: { devices: [deny] } };
  const script = DEFAULTS.slice(0, 5)
    .map(([path]) => `head -c 0 ${path}`)
    .join(' && ');
  assert.is(runtime.inside(`${script} && echo fine`, { linux }), 'fine\n');
});

const noList = existsSync('/sys/fs/cgroup/devices') ? undefined : 'no cgroup v1 controller devices';

testUnless(noList, test, 'rules are visible in devices.list of the container cgroup', () => {
  const rules: DeviceRule[] = [deny, { allow: true, type: 'b', major: 8, minor: 1, access: 'r' }];
  const id = runtime.running({ linux: { resources: { devices: rules } } });
  const directory = cgroupsOf(id).find((path) => path.includes('/devices/')) ?? '';
  const list = readText(join(directory, 'devices.list')).split('\n');
  assert.ok(list.includes('b 8:1 r'), list.join());
  assert.ok(list.includes('c 1:3 rwm'));
  assert.not(list.some((line) => line.startsWith('a ')));
  runtime.remove(id);
});

test('a symlink in the place of a device does not lead out of the rootfs', () => {
  const victim = join(runtime.folder, 'victim');
  writeFileSync(victim, 'untouched');
  const mounts = BASE_MOUNTS.filter(({ destination }) => !destination.startsWith('/dev'));
  const bundle = runtime.bundle({ mounts, linux: { devices: [device({ path: '/dev/mine' })] } });
  symlinkSync(victim, join(bundle.rootfs, 'dev/mine'));
  runtime.command(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.ok(statSync(victim).isFile());
  assert.is(readText(victim), 'untouched');
});

test('a mount below /dev goes together with the devices', () => {
  const mounts = withMounts({ destination: '/dev/extra', type: 'tmpfs', source: 'extra' });
  assert.is(runtime.inside('ls -d /dev/extra /dev/null', { mounts }), '/dev/extra\n/dev/null\n');
});

test.run();
