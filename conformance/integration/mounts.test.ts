// Mounts by file-system type: data options, targets, order, and what goes wrong.
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Mount, NamespaceType } from '../../src/bundle/config.ts';
import { type Changes, withMounts, withNamespaces } from '../bundle.ts';
import { isCgroupV2, type MountLine, parseMountinfo, readText } from './host.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('mounts');
const tmpfs = (destination: string, ...options: string[]): Mount => ({
  destination,
  type: 'tmpfs',
  source: 'tmpfs',
  options,
});

function mountsInside(...mounts: Mount[]): MountLine[] {
  return parseMountinfo(runtime.inside('cat /proc/self/mountinfo', { mounts: withMounts(...mounts) }));
}

function mountAt(target: string, mounts: MountLine[]): MountLine {
  const found = mounts.findLast((mount) => mount.target === target);
  if (found === undefined) throw new Error(`nothing is mounted on ${target}`);
  return found;
}

function failsToCreate(changes: Changes): string {
  return runtime.fails(['create', '--bundle', runtime.bundle(changes).directory, runtime.id()]);
}

test('the mounts of the base config are there, with their types, in the listed order', () => {
  const mounts = mountsInside();
  const types = mounts.slice(1, 7).map(({ target, type }) => `${target} ${type}`);
  assert.equal(types, [
    '/proc proc',
    '/dev tmpfs',
    '/dev/pts devpts',
    '/dev/shm tmpfs',
    '/dev/mqueue mqueue',
    '/sys sysfs',
  ]);
});

test('nothing of the host is mounted but what the config says', () => {
  const rootfs = mountAt('/', mountsInside());
  assert.match(rootfs.root, runtime.tag);
  const allowed = /^(\/|\/proc(\/.*)?|\/sys(\/.*)?|\/dev(\/(pts|shm|mqueue))?)$/;
  for (const { target } of mountsInside()) assert.match(target, allowed);
});

test('the options of the base config arrive in the kernel', () => {
  const mounts = mountsInside();
  assert.equal(mountAt('/dev', mounts).options, ['rw', 'nosuid']);
  assert.equal(mountAt('/dev', mounts).superOptions.slice(0, 3), ['rw', 'size=65536k', 'mode=755']);
  assert.equal(mountAt('/dev/shm', mounts).options.slice(0, 4), ['rw', 'nosuid', 'nodev', 'noexec']);
  assert.equal(mountAt('/dev/pts', mounts).superOptions, ['rw', 'gid=5', 'mode=620', 'ptmxmode=666']);
  assert.is(mountAt('/sys', mounts).options[0], 'ro');
});

test("the cgroup mount shows only the container itself, or all of v2 where the cgroup namespace is the host's", () => {
  const cgroups = mountsInside().filter(({ type }) => type.startsWith('cgroup'));
  assert.ok(cgroups.length > 0);
  for (const { root, options, target } of cgroups) {
    if (isCgroupV2) assert.is(root, '/');
    else assert.match(root, runtime.tag);
    assert.ok(options.includes('ro'));
    assert.match(target, /^\/sys\/fs\/cgroup/);
  }
});

test('with a cgroup namespace of its own it shows only the container itself', () => {
  const types: NamespaceType[] = ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'];
  const script = 'cat /sys/fs/cgroup/pids/cgroup.procs /sys/fs/cgroup/cgroup.procs 2>/dev/null; true';
  assert.match(runtime.inside(script, withNamespaces(...types)), /^1\n/);
});

test('proc shows the processes of the container only', () => {
  assert.is(runtime.inside('echo /proc/[0-9]*'), '/proc/1\n');
});

test('data options go to the file system', () => {
  const mount = mountAt('/m', mountsInside(tmpfs('/m', 'size=1m', 'mode=0710', 'uid=7', 'nr_inodes=50')));
  for (const option of ['size=1024k', 'mode=710', 'uid=7', 'nr_inodes=50']) {
    assert.ok(mount.superOptions.includes(option), `${option} in ${mount.superOptions}`);
  }
});

test('proc takes its own data option', () => {
  const proc = { destination: '/proc', type: 'proc', source: 'proc', options: ['hidepid=2', 'nosuid'] };
  const text = runtime.inside('cat /proc/self/mountinfo', {
    mounts: [proc],
    linux: { maskedPaths: [], readonlyPaths: [] },
  });
  assert.ok(
    mountAt('/proc', parseMountinfo(text)).superOptions.some((option) => /^hidepid=(2|invisible)$/.test(option)),
  );
});

test('the source of a file system without a device is its name in mountinfo', () => {
  assert.is(mountAt('/m', mountsInside({ ...tmpfs('/m'), source: 'my-name' })).source, 'my-name');
});

test('a mount without options works', () => {
  assert.is(mountAt('/m', mountsInside({ destination: '/m', type: 'tmpfs', source: 'tmpfs' })).type, 'tmpfs');
});

const supported = readText('/proc/filesystems');
for (const type of [
  'ramfs',
  'bpf',
  'debugfs',
  'tracefs',
  'securityfs',
  'hugetlbfs',
  'pstore',
  'fusectl',
  'binfmt_misc',
]) {
  const reason = supported.includes(`\t${type}\n`) ? undefined : `no ${type} in this kernel`;
  testUnless(reason, test, `a ${type} file system is mounted`, () => {
    assert.is(mountAt('/m', mountsInside({ destination: '/m', type, source: type })).type, type);
  });
}

testUnless(supported.includes('\toverlay\n') ? undefined : 'no overlay', test, 'an overlay is mounted', () => {
  const bundle = runtime.bundle();
  const [lower, upper, work] = ['lower', 'upper', 'work'].map((name) => join(bundle.directory, name));
  for (const folder of [lower, upper, work]) mkdirSync(folder ?? '');
  writeFileSync(`${lower}/below`, 'from below\n');
  const options = [`lowerdir=${lower}`, `upperdir=${upper}`, `workdir=${work}`];
  const mounts = withMounts({ destination: '/m', type: 'overlay', source: 'overlay', options });
  assert.is(runtime.inside('cat /m/below; echo new > /m/above', { mounts }), 'from below\n');
  assert.is(readFileSync(`${upper}/above`, 'utf8'), 'new\n');
});

test('missing targets are created, with their parents, and files of the rootfs stay', () => {
  assert.is(mountAt('/a/b/c', mountsInside(tmpfs('/a/b/c'))).type, 'tmpfs');
  const bundle = runtime.bundle({ mounts: withMounts(tmpfs('/a/b')) });
  runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]);
  assert.ok(statSync(join(bundle.rootfs, 'a/b')).isDirectory());
});

test('a relative destination is relative to the root', () => {
  assert.is(mountAt('/a/b', mountsInside(tmpfs('a/b'))).type, 'tmpfs');
});

test('a destination with "." and ".." parts and double slashes is taken as in a file name', () => {
  assert.is(mountAt('/b/c', mountsInside(tmpfs('//a/./../b//c/'))).type, 'tmpfs');
});

test('a destination with a space works', () => {
  assert.is(mountAt('/a b', mountsInside(tmpfs('/a b'))).type, 'tmpfs');
});

test('a later mount covers an earlier one', () => {
  const mounts = mountsInside(tmpfs('/m', 'size=1m'), tmpfs('/m', 'size=2m'));
  assert.ok(mountAt('/m', mounts).superOptions.includes('size=2048k'));
});

test('a mount below an earlier mount goes into it', () => {
  const mounts = mountsInside(tmpfs('/m'), tmpfs('/m/inner', 'size=2m'));
  assert.ok(mountAt('/m/inner', mounts).superOptions.includes('size=2048k'));
});

test('a destination that is a symlink in the rootfs is followed inside the rootfs', () => {
  const bundle = runtime.bundle({
    process: { args: ['sh', '-c', 'echo > /real/x; ls /link'] },
    mounts: withMounts(tmpfs('/link')),
  });
  mkdirSync(join(bundle.rootfs, 'real'));
  symlinkSync('/real', join(bundle.rootfs, 'link'));
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]), 'x\n');
  assert.not(existsSync('/real'));
});

test('tmpcopyup copies files, folders, links and modes, and leaves the rootfs alone', () => {
  const script = 'cd /data; cat file dir/inner; readlink link; stat -c "%a %u:%g" file dir; echo new > dir/inner';
  const bundle = runtime.bundle({
    process: { args: ['sh', '-c', script] },
    mounts: withMounts(tmpfs('/data', 'tmpcopyup', 'mode=0755')),
  });
  mkdirSync(join(bundle.rootfs, 'data/dir'), { recursive: true, mode: 0o750 });
  writeFileSync(join(bundle.rootfs, 'data/file'), 'one\n', { mode: 0o644 });
  writeFileSync(join(bundle.rootfs, 'data/dir/inner'), 'two\n');
  symlinkSync('/etc/passwd', join(bundle.rootfs, 'data/link'));
  Bun.spawnSync(['chown', '5:6', join(bundle.rootfs, 'data/file')]);
  const lines = runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]).split('\n');
  assert.equal(lines.slice(0, 5), ['one', 'two', '/etc/passwd', '644 5:6', '750 0:0']);
  assert.is(readFileSync(join(bundle.rootfs, 'data/dir/inner'), 'utf8'), 'two\n');
});

for (const option of ['size=64q', 'bogus=1', 'no-such-option']) {
  test(`the bad data option "${option}" gives an error that names it and its mount`, () => {
    const line = failsToCreate({ mounts: withMounts(tmpfs('/m', option)) });
    assert.match(line, option);
    assert.match(line, '/m');
  });
}

test('an unknown file-system type gives an error that names it', () => {
  assert.match(
    failsToCreate({ mounts: withMounts({ destination: '/m', type: 'nofs', source: 'x' }) }),
    /nofs.*ENODEV|nofs/,
  );
});

test('a target that is a file cannot take a folder', () => {
  assert.match(failsToCreate({ mounts: withMounts(tmpfs('/etc/passwd')) }), /\/etc\/passwd/);
});

test('a target below a file gives an error that names it', () => {
  assert.match(failsToCreate({ mounts: withMounts(tmpfs('/etc/passwd/x')) }), /\/etc\/passwd/);
});

test.run();
