// Hostile bundles and root file systems: the attacks on other runtimes (DESIGN.md, section 4), each by its CVE.
// Whatever the runtime does, refuse or go on, the host must stay as it is.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BASE_MOUNTS, withMounts } from '../bundle.ts';
import { isRunts, runtimePath } from '../runtime.ts';
import { Attacker, tmpfs, UP } from './attack.ts';
import { parseMountinfo, pids, readLink } from './host.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('escape');

const attacker = new Attacker(runtime);
const { victim } = attacker;
const attack: Attacker['attack'] = (changes, prepare) => attacker.attack(changes, prepare);

// CVE-2019-5736: the container overwrites the runtime's binary through /proc/<pid>/exe of a process of the runtime.
test('no process in the namespaces of a container has the runtime as its executable', () => {
  const binaries = [runtimePath, '/usr/sbin/runc', '/usr/bin/runc']
    .filter(existsSync)
    .map((path) => realpathSync(path));
  const id = runtime.create(runtime.bundle({ process: { args: ['sleep', '60'] } }));
  const look = (): string[] => {
    const namespace = readlinkSync(`/proc/${runtime.state(id).pid}/ns/pid`);
    const inside = pids().filter((pid) => readLink(`/proc/${pid}/ns/pid`) === namespace);
    return inside.map((pid) => readLink(`/proc/${pid}/exe`));
  };
  for (const exe of look()) assert.not(binaries.includes(exe) || /engine|koffi/.test(exe), exe);
  runtime.ok(['start', id]);
  for (const exe of look()) assert.match(exe, /\/bin\/busybox$/);
  runtime.remove(id);
});

// CVE-2019-5736: the user program is /proc/self/exe, which would be the runtime started once more, inside.
test('a program /proc/self/exe does not start the runtime inside the container', () => {
  const hash = (): string =>
    createHash('sha256')
      .update(readFileSync(Bun.which(runtimePath) ?? runtimePath))
      .digest('hex');
  const before = hash();
  const bundle = runtime.bundle({ process: { args: ['/proc/self/exe', '--version'] } });
  const { stdout } = runtime.command(['run', '--bundle', bundle.directory, runtime.id()], { timeoutMs: 10_000 });
  if (isRunts) assert.not.match(stdout, /version|spec:/);
  assert.is(hash(), before);
});

// CVE-2019-16884, CVE-2019-19921, CVE-2023-27561: /proc of the image is a symlink, so that checks look elsewhere.
for (const target of ['etc', '/etc', `${UP}/proc`, '/proc/self/root/proc', 'proc']) {
  test(`a rootfs whose /proc is a symlink to ${target} gives no procfs but the container's own`, () => {
    const { exit, stdout } = attack(
      { process: { args: ['sh', '-c', 'echo /proc/[0-9]*; cat /proc/self/mountinfo'] } },
      ({ rootfs }) => {
        rmSync(join(rootfs, 'proc'), { recursive: true });
        symlinkSync(target, join(rootfs, 'proc'));
      },
    );
    if (exit === 0) assert.match(stdout, /^\/proc\/1( \/proc\/\d+)?\n/);
  });
}

// CVE-2019-16884: a mount of the config hides /proc, so that security settings are written to a plain folder.
test('a tmpfs or bind mount on /proc does not make the runtime write its settings there', () => {
  const fake = join(runtime.folder, 'fake-proc');
  mkdirSync(join(fake, 'self/attr'), { recursive: true });
  mkdirSync(join(fake, 'sys/net/ipv4'), { recursive: true });
  writeFileSync(join(fake, 'self/oom_score_adj'), 'untouched');
  writeFileSync(join(fake, 'sys/net/ipv4/ip_forward'), 'untouched');
  const mounts = [...BASE_MOUNTS, { destination: '/proc', source: fake, options: ['bind'] }];
  attack({ mounts, process: { oomScoreAdj: 500 }, linux: { sysctl: { 'net.ipv4.ip_forward': '1' } } });
  assert.is(readFileSync(join(fake, 'self/oom_score_adj'), 'utf8'), 'untouched');
  assert.is(readFileSync(join(fake, 'sys/net/ipv4/ip_forward'), 'utf8'), 'untouched');
});

// CVE-2019-16884: /sys of the image is a symlink.
test('a rootfs whose /sys is a symlink gets no sysfs outside of the rootfs', () => {
  attack({}, ({ rootfs }) => {
    rmSync(join(rootfs, 'sys'), { recursive: true });
    symlinkSync(victim, join(rootfs, 'sys'));
  });
});

// CVE-2021-30465: a mount destination leads over a symlink of the rootfs or of a volume to a place on the host.
for (const link of [victim, `${UP}${victim}`, '/proc/1/root', '/proc/self/cwd']) {
  for (const destination of ['/link', '/link/new/deep']) {
    test(`a mount on ${destination} with a symlink to ${link.replace(runtime.folder, '')} stays inside`, () => {
      attack({ mounts: withMounts(tmpfs(destination)) }, ({ rootfs }) => symlinkSync(link, join(rootfs, 'link')));
    });
  }
}

// CVE-2021-30465: the symlink is in a volume that an earlier mount of the same config brings along.
test('a mount through a symlink in a volume stays inside', () => {
  const volume = join(runtime.folder, 'volume');
  mkdirSync(volume);
  symlinkSync(`${UP}${victim}`, join(volume, 'evil'));
  symlinkSync(victim, join(volume, 'evil-absolute'));
  const bind = { destination: '/vol', source: volume, options: ['bind'] };
  attack({ mounts: withMounts(bind, tmpfs('/vol/evil'), tmpfs('/vol/evil-absolute/x')) });
});

// CVE-2021-30465: ".." in a destination.
test('a destination with ".." stays inside', () => {
  attack({ mounts: withMounts(tmpfs(`${UP}${victim}`), tmpfs(`/../..${victim}/x`)) });
});

// CVE-2024-21626: cwd is a descriptor that the runtime has left open on a folder of the host.
test('no /proc/self/fd/N as cwd, nor anything above it, is a folder of the host', () => {
  for (let number = 3; number < 24; number++) {
    for (const above of ['', '/../../..', '/../../../../../..']) {
      const cwd = `/proc/self/fd/${number}${above}`;
      const { exit, stdout } = attack({
        process: { cwd, args: ['sh', '-c', 'cd "$(pwd -P)"; ls -a . ..; readlink /proc/self/cwd'] },
      });
      if (exit === 0) assert.not.match(stdout, /^(boot|lost\+found|work)$/m, cwd);
    }
  }
});

// CVE-2024-21626: the same through a symlink of the image.
test('a cwd that is a symlink to /proc/self/fd/N does not lead to the host', () => {
  for (let number = 3; number < 24; number++) {
    const args = ['sh', '-c', 'ls -a . .. ../../..'];
    const { exit, stdout } = attack({ process: { cwd: '/home/x', args } }, ({ rootfs }) => {
      mkdirSync(join(rootfs, 'home'));
      symlinkSync(`/proc/self/fd/${number}`, join(rootfs, 'home/x'));
    });
    if (exit === 0) assert.not.match(stdout, /^(boot|lost\+found|work)$/m);
  }
});

// CVE-2024-45310: missing mount targets are created through a symlink, as files and folders on the host.
for (const kind of ['file', 'folder']) {
  test(`a missing target that is a ${kind} is not created on the host through a symlink`, () => {
    const source = join(runtime.folder, `source-${kind}`);
    if (kind === 'file') writeFileSync(source, '');
    else mkdirSync(source);
    const mounts = withMounts(
      { destination: '/link/new', source, options: ['bind'] },
      { destination: '/up/new', source, options: ['bind'] },
      { destination: '/dangling', source, options: ['bind'] },
    );
    attack({ mounts }, ({ rootfs }) => {
      symlinkSync(victim, join(rootfs, 'link'));
      symlinkSync(`${UP}${victim}`, join(rootfs, 'up'));
      symlinkSync(`${victim}/made`, join(rootfs, 'dangling'));
    });
  });
}

// CVE-2025-52881: files of /proc that the runtime writes are covered by a volume, so that writes go elsewhere.
test('a sysctl is not written to a file that a volume has put in its place', () => {
  const volume = join(runtime.folder, 'fake-sysctl');
  mkdirSync(volume);
  symlinkSync(`${victim}/file`, join(volume, 'ip_forward'));
  writeFileSync(join(volume, 'ip_default_ttl'), 'untouched');
  const bind = { destination: '/proc/sys/net/ipv4', source: volume, options: ['bind'] };
  const sysctl = { 'net.ipv4.ip_forward': '1', 'net.ipv4.ip_default_ttl': '77' };
  attack({ mounts: withMounts(bind), linux: { sysctl } });
  assert.is(readFileSync(join(volume, 'ip_default_ttl'), 'utf8'), 'untouched');
});

test('a missing cwd is not created on the host through a symlink', () => {
  attack({ process: { cwd: '/link/made/deep' } }, ({ rootfs }) => symlinkSync(victim, join(rootfs, 'link')));
  attack({ process: { cwd: `/link${UP}${victim}/made` } }, ({ rootfs }) => symlinkSync('.', join(rootfs, 'link')));
});

test('tmpcopyup copies symlinks as they are and nothing of the host', () => {
  const mounts = withMounts({ ...tmpfs('/data'), options: ['tmpcopyup'] });
  const { stdout } = attack(
    { mounts, process: { args: ['sh', '-c', 'readlink /data/link; cat /data/link'] } },
    ({ rootfs }) => {
      mkdirSync(join(rootfs, 'data'));
      symlinkSync(`${victim}/file`, join(rootfs, 'data/link'));
    },
  );
  assert.not.match(stdout, /untouched/);
});

test('the old root is gone: the mounts of the container are its own only', () => {
  const lines = parseMountinfo(runtime.inside('cat /proc/self/mountinfo'));
  const own = /^\/($|proc|sys|dev)/;
  assert.equal(
    lines.filter(({ target }) => !own.test(target)),
    [],
  );
  assert.is(lines.filter(({ target }) => target === '/').length, 1);
});

test.run();
