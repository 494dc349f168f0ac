// User namespaces: mappings, who owns what inside, what is opened for the container, joined ones.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { IdMapping, Namespace, NamespaceType } from '../../src/bundle/config.ts';
import { BASE_MOUNTS, type Bundle, type Changes, withMounts } from '../bundle.ts';
import { isRunts } from '../runtime.ts';
import { giveAway, HOST_ID, inUser, MAPPING } from '../user-namespace.ts';
import { parseMountinfo } from './host.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('user');
// runc needs folders that are open to the mapped root.
chmodSync(runtime.folder, 0o711);
const notRunc = isRunts ? undefined : 'runc 1.1 does not do it';

/** What `sh -c script` prints in a container whose files belong to its root. */
function inside(script: string, { linux, process, ...rest }: Changes = {}): string {
  const bundle = runtime.bundle({
    ...{ ...rest, linux: inUser(linux), process: { ...process, args: ['sh', '-c', script] } },
  });
  giveAway(bundle);
  return runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]);
}

function fails(changes: Changes): string {
  const bundle = runtime.bundle({ ...changes, linux: inUser(changes.linux) });
  giveAway(bundle);
  return runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
}

const lines = (text: string): string[] => text.trimEnd().split('\n');
const fields = (text: string): number[][] => lines(text).map((line) => line.trim().split(/\s+/).map(Number));

test('the container is root inside, somebody else on the host, and has its own files', () => {
  const bundle = runtime.bundle({
    linux: inUser(),
    process: { args: ['sh', '-c', 'id -u; id -g; stat -c "%u %g" / /etc/passwd; echo x > /root/mine'] },
  });
  giveAway(bundle);
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]), '0\n0\n0 0\n0 0\n');
  const { uid, gid } = statSync(join(bundle.rootfs, 'root/mine'));
  assert.equal([uid, gid], [HOST_ID, HOST_ID]);
});

const MANY: IdMapping[] = [
  { containerID: 0, hostID: 100_000, size: 10 },
  { containerID: 1000, hostID: 5000, size: 1 },
  { containerID: 20, hostID: 200_000, size: 1 },
  ...Array.from({ length: 60 }, (_, index) => ({ containerID: 2000 + index, hostID: 300_000 + 2 * index, size: 1 })),
];

test('many ranges are mapped, uids and gids each by their own', () => {
  const linux = { uidMappings: MANY, gidMappings: MAPPING };
  const found = fields(inside('cat /proc/self/uid_map', { linux }));
  const sorted = (rows: number[][]) => rows.toSorted(([a = 0], [b = 0]) => a - b);
  assert.equal(sorted(found), sorted(MANY.map(({ containerID, hostID, size }) => [containerID, hostID, size])));
  assert.equal(fields(inside('cat /proc/self/gid_map', { linux })), [[0, HOST_ID, 65_536]]);
});

test('a user of the container has the rights of its id on the host', () => {
  const process = { user: { uid: 1000, gid: 1001, additionalGids: [5, 6] } };
  assert.is(
    inside('id -u; id -g; id -G; touch /etc/x 2>/dev/null || echo no', { process }),
    '1000\n1001\n1001 5 6\nno\n',
  );
});

test('a process without groups has none of the runtime', () => {
  assert.match(inside('grep Groups: /proc/self/status'), /^Groups:\s*$/);
});

test('file systems belong to the root of the container', () => {
  const paths = '/dev /dev/shm /dev/pts /dev/mqueue /dev/pts/ptmx /dev/fd';
  for (const owner of lines(inside(`stat -c '%n %u:%g' ${paths}`)).slice(0, isRunts ? 6 : 3)) {
    assert.match(owner, /^\S+ 0:0$/);
  }
});

test('devpts gives a terminal to the mapped group of terminals', () => {
  const mount = parseMountinfo(inside('cat /proc/self/mountinfo')).find(({ target }) => target === '/dev/pts');
  assert.ok(mount?.superOptions.includes(`gid=${HOST_ID + 5}`));
});

test('the default devices are those of the host, and work', () => {
  const text = inside(
    "stat -c '%F %t %T' /dev/null /dev/zero /dev/full /dev/tty; head -c 2 /dev/zero | wc -c; : > /dev/null",
  );
  assert.equal(lines(text), [
    ...['1 3', '1 5', '1 7', '5 0'].map((numbers) => `character special file ${numbers}`),
    '2',
  ]);
});

test('devices of the config are bound from the host; a FIFO is made, with its mode and owner', () => {
  const devices = [
    { path: '/dev/kmsg', type: 'c' as const, major: 1, minor: 11 },
    { path: '/dev/urandom', type: 'u' as const, major: 1, minor: 9 },
    // runc looks for one on the host.
    ...(isRunts ? [{ path: '/dev/pipe', type: 'p' as const, fileMode: 0o640, uid: 3, gid: 4 }] : []),
  ];
  const text = inside("stat -c '%F %t %T' /dev/kmsg /dev/urandom; stat -c '%F %a %u %g' /dev/pipe", {
    linux: { devices },
  });
  assert.equal(lines(text), ['character special file 1 b', 'character special file 1 9', 'fifo 640 3 4']);
});

const noLoop = existsSync('/dev/loop0') ? undefined : 'no block device /dev/loop0 on this host';
testUnless(
  noLoop,
  test,
  'a block device is bound from the host; its owner is nobody in there, who has no rights to it',
  () => {
    const devices = [{ path: '/dev/loop0', type: 'b' as const, major: 7, minor: 0 }];
    const text = inside("stat -c '%F %t %T %u' /dev/loop0; head -c 1 /dev/loop0 2>&1 || true", { linux: { devices } });
    assert.match(text, /^block special file 7 0 65534\n.*(Permission denied|not permitted)\n$/);
  },
);

test('a device that the host has under another number is an error that names it', () => {
  const devices = [{ path: '/dev/zero', type: 'c' as const, major: 1, minor: 3 }];
  if (isRunts) assert.match(fails({ linux: { devices } }), /\/dev\/zero/);
});

test('a device that the host does not have is an error that names it', () => {
  const devices = [{ path: '/dev/runts-none', type: 'c' as const, major: 1, minor: 3 }];
  assert.match(fails({ linux: { devices } }), /runts-none/);
});

test('sysctls of the namespaces are set', () => {
  const sysctl = { 'net.ipv4.ip_forward': '1', 'kernel.shmmax': '123456', 'fs.mqueue.msg_max': '17' };
  const files = Object.keys(sysctl).map((name) => `/proc/sys/${name.replaceAll('.', '/')}`);
  assert.equal(lines(inside(`cat ${files.join(' ')}`, { linux: { sysctl } })), ['1', '123456', '17']);
});

test('mounts of a kind that a user namespace allows are made, others are refused by name', () => {
  const mounts = withMounts({ destination: '/m', type: 'tmpfs', source: 'x', options: ['size=1m', 'uid=5', 'ro'] });
  const mount = parseMountinfo(inside('cat /proc/self/mountinfo', { mounts })).find(({ target }) => target === '/m');
  assert.is(mount?.type, 'tmpfs');
  const refused = withMounts({ destination: '/m', type: 'debugfs', source: 'x' });
  assert.match(fails({ mounts: refused }), /debugfs|\/m/);
});

testUnless(notRunc, test, 'what a user namespace may not mount is told with a way out', () => {
  const namespaces = (['user', 'mount', 'network'] as const).map((type) => ({ type }));
  const host: Changes = { hostname: undefined, linux: { namespaces, maskedPaths: [], readonlyPaths: [] } };
  const proc = { destination: '/proc', type: 'proc', source: 'proc' };
  assert.match(
    fails({ ...host, mounts: [proc] }),
    /\(proc on \/proc\): fsconfig proc EPERM — .*pid namespace of its own/,
  );
  const mqueue = { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue' };
  assert.match(fails({ ...host, mounts: [mqueue] }), /fsconfig mqueue EPERM — .*ipc namespace of its own/);
  const sysfs = { destination: '/sys', type: 'sysfs', source: 'sysfs' };
  const inHostNet: Changes = { ...host, linux: { ...host.linux, namespaces: [{ type: 'user' }, { type: 'mount' }] } };
  assert.match(fails({ ...inHostNet, mounts: [sysfs] }), /fsopen sysfs EPERM — .*network namespace of its own/);
});

test('missing mount points are made, also in a file system of the container', () => {
  const tmpfs = (destination: string) => ({ destination, type: 'tmpfs', source: 'x' });
  const script = "stat -c '%u:%g' /made /made/here /made/here/too; stat -c '%F %u' /made/file";
  const mounts = withMounts(...[tmpfs('/made/here'), tmpfs('/made/here/too/deep')], {
    ...bind('/etc/hostname'),
    destination: '/made/file',
  });
  const text = inside(script, { mounts });
  assert.equal(lines(text).slice(0, 3), ['0:0', '0:0', '0:0']);
});

test('tmpcopyup keeps the owners; who is not mapped is nobody', () => {
  const bundle = runtime.bundle({
    linux: inUser(),
    mounts: withMounts({ destination: '/var', type: 'tmpfs', source: 'x', options: ['tmpcopyup'] }),
    process: { args: ['sh', '-c', "cd /var; cat deep/file; stat -c '%n %u:%g %a' deep deep/file link foreign"] },
  });
  const folder = join(bundle.rootfs, 'var');
  mkdirSync(join(folder, 'deep'));
  writeFileSync(join(folder, 'deep/file'), 'copied\n');
  symlinkSync('deep', join(folder, 'link'));
  giveAway(bundle);
  chmodSync(join(folder, 'deep/file'), 0o604);
  chownSync(join(folder, 'deep/file'), HOST_ID + 7, HOST_ID + 8);
  writeFileSync(join(folder, 'foreign'), '');
  assert.equal(lines(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()])), [
    'copied',
    'deep 0:0 755',
    'deep/file 7:8 604',
    'link 0:0 777',
    'foreign 65534:65534 644',
  ]);
});

for (const propagation of ['rshared', 'rslave', 'rprivate', 'unbindable']) {
  const reason = propagation === 'unbindable' ? notRunc : undefined;
  testUnless(reason, test, `rootfsPropagation ${propagation} is that of the root mount`, () => {
    const linux = { rootfsPropagation: propagation };
    const root = parseMountinfo(inside('cat /proc/self/mountinfo', { linux })).find(({ target }) => target === '/');
    // runc cuts the ties that the host's mounts don't have here.
    if (isRunts && propagation === 'rshared') assert.match(root?.propagation.join() ?? '', /^shared:/);
    if (propagation === 'unbindable') assert.equal(root?.propagation, ['unbindable']);
    if (propagation === 'rprivate') assert.equal(root?.propagation, []);
  });
}

const kinds = readFileSync('/proc/filesystems', 'utf8');
const lacking = (type: string) => (kinds.includes(`\t${type}\n`) ? notRunc : `no ${type} in this kernel`);

testUnless(lacking('binfmt_misc'), test, 'binfmt_misc is that of the user namespace', () => {
  const mounts = withMounts({ destination: '/m', type: 'binfmt_misc', source: 'binfmt_misc' });
  const write = "echo ':runts:M::runts::/bin/sh:' > /m/register && ls /m";
  assert.is(inside(write, { mounts }), 'register\nrunts\nstatus\n');
  assert.not(existsSync('/proc/sys/fs/binfmt_misc/runts'));
});

testUnless(lacking('overlay'), test, 'an overlay is mounted', () => {
  const folder = join(runtime.folder, 'overlay');
  const [lower, upper, work] = ['lower', 'upper', 'work'].map((name) => join(folder, name));
  for (const name of [lower, upper, work]) mkdirSync(name ?? '', { recursive: true });
  writeFileSync(`${lower}/file`, 'below\n');
  Bun.spawnSync(['chown', '-R', `${HOST_ID}:${HOST_ID}`, folder]);
  const options = [`lowerdir=${lower}`, `upperdir=${upper}`, `workdir=${work}`];
  const mounts = withMounts({ destination: '/tmp', type: 'overlay', source: 'overlay', options });
  assert.is(inside('cat /tmp/file; echo x > /tmp/new', { mounts }), 'below\n');
  assert.is(statSync(`${upper}/new`).uid, HOST_ID);
});

testUnless(lacking('overlay'), test, 'an overlay of folders that the container could not reach is mounted', () => {
  const { closed } = closedFolder();
  const [lower, second, upper, work] = ['lower', 'a:b', 'upper', 'work'].map((name) => join(closed, name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const name of [lower, second, upper, work]) mkdirSync(name);
  writeFileSync(`${lower}/file`, 'below\n');
  writeFileSync(`${second}/other`, 'too\n');
  for (const name of [upper, work]) chownSync(name, HOST_ID, HOST_ID);
  const lowers = [lower, second.replace(':', '\\:')].join(':');
  const options = [`lowerdir=${lowers}`, `upperdir=${upper}`, `workdir=${work}`];
  const mounts = withMounts({ destination: '/tmp', type: 'overlay', source: 'overlay', options });
  const script = 'cat /tmp/file /tmp/other; echo x > /tmp/new; set -- /proc/1/fd/*; echo $#';
  assert.is(inside(script, { mounts }), inside('echo below; echo too; : > /new; set -- /proc/1/fd/*; echo $#'));
  assert.is(statSync(`${upper}/new`).uid, HOST_ID);
});

testUnless(notRunc, test, 'the clocks of a time namespace are set', () => {
  const namespaces = inUser().namespaces?.concat({ type: 'time' }) ?? [];
  const timeOffsets = { boottime: { secs: 1_000_000, nanosecs: 5 }, monotonic: { secs: 7 } };
  const text = inside('cat /proc/self/timens_offsets /proc/uptime', { linux: { namespaces, timeOffsets } });
  assert.match(text, /^monotonic +7 +0\nboottime +1000000 +5\n1\d{6}/);
});

test('a user namespace without a mount namespace is refused with the reason', () => {
  const linux = { namespaces: [{ type: 'user' as const }], maskedPaths: [], readonlyPaths: [] };
  assert.match(fails({ hostname: undefined, linux }), isRunts ? /namespaces: must have an entry of type mount/ : /./);
});

/** A folder that nobody but root can enter, with one that everybody could. */
function closedFolder(): { closed: string; open: string } {
  const closed = join(runtime.folder, `closed${folders++}`);
  const open = join(closed, 'open');
  mkdirSync(open, { recursive: true });
  writeFileSync(join(open, 'file'), 'found\n');
  chmodSync(closed, 0o700);
  return { closed, open };
}
let folders = 0;

const bind = (source: string, ...options: string[]) => ({
  ...{ destination: '/tmp', source, type: 'bind', options: ['rbind', ...options] },
});

testUnless(notRunc, test, 'a bind mount of what the container could not reach is made', () => {
  const { closed, open } = closedFolder();
  assert.is(inside('cat /tmp/file', { mounts: withMounts(bind(open, 'ro')) }), 'found\n');
  // Somebody else's, who is not mapped.
  chownSync(closed, 4000, 4000);
  const file = { ...bind(join(open, 'file')), destination: '/etc/file' };
  assert.is(inside('cat /etc/file', { mounts: withMounts(file) }), 'found\n');
});

testUnless(notRunc, test, 'a bundle in a folder that is closed to the container is run', () => {
  const bundle = runtime.bundle({ linux: inUser(), process: { args: ['id', '-u'] } });
  giveAway(bundle);
  chmodSync(bundle.directory, 0o700);
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]), '0\n');
});

testUnless(notRunc, test, "the host's flags of a bind mount cannot be taken away inside", () => {
  const { open } = closedFolder();
  const process = { capabilities: everything('CAP_SYS_ADMIN') };
  const script = 'mount -o remount,bind,rw /tmp 2>&1 || echo refused; touch /tmp/x 2>/dev/null || echo read-only';
  Bun.spawnSync(['mount', '--bind', open, open]);
  Bun.spawnSync(['mount', '-o', 'remount,bind,ro', open]);
  try {
    const text = inside(script, { process, mounts: withMounts(bind(open)) });
    assert.match(text, /refused\nread-only\n$/);
  } finally {
    Bun.spawnSync(['umount', open]);
  }
});

function everything(...names: string[]) {
  return { bounding: names, effective: names, permitted: names };
}

testUnless(
  notRunc,
  test,
  'a missing source is told, and one with flags that may only be bound with all below it',
  () => {
    assert.match(fails({ mounts: withMounts(bind('/no/such/folder')) }), /mounts\/7 .*\/no\/such\/folder ENOENT/);
    const { open } = withMountBelow('-o', 'nodev');
    try {
      const mount = { destination: '/tmp', source: open, type: 'bind', options: ['bind'] };
      assert.match(
        fails({ mounts: withMounts(mount) }),
        /: mount \/mounts\/7 \(bind of \S+ on \/tmp\): open_tree \S+ EINVAL — .*rbind/,
      );
    } finally {
      Bun.spawnSync(['umount', '-R', open]);
    }
  },
);

/** A folder that is a shared mount and has one below it, `below`. */
function withMountBelow(...options: string[]): { open: string } {
  const { open } = closedFolder();
  for (const words of [
    [...options, '-t', 'tmpfs', 'tmpfs', open],
    ['--make-shared', open],
  ]) {
    assert.is(Bun.spawnSync(['mount', ...words]).exitCode, 0);
  }
  for (const name of ['below', 'later', 'inside']) mkdirSync(join(open, name));
  writeFileSync(join(open, 'below/hidden'), '');
  assert.is(Bun.spawnSync(['mount', '-t', 'tmpfs', 'tmpfs', join(open, 'below')]).exitCode, 0);
  return { open };
}

testUnless(
  notRunc,
  test,
  'a source is bound without the mounts below it; nothing mounted there reaches the host',
  () => {
    const { open } = withMountBelow();
    try {
      const mount = { destination: '/tmp', source: open, type: 'bind', options: ['bind'] };
      const bundle = runtime.bundle({
        linux: inUser(),
        mounts: withMounts(mount, { destination: '/tmp/inside', type: 'tmpfs', source: 'x' }),
        process: { args: ['sh', '-c', 'ls /tmp/below; cat /proc/self/mountinfo; sleep 60'] },
      });
      giveAway(bundle);
      const id = runtime.create(bundle);
      const seen = () => parseMountinfo(readFileSync(`/proc/${runtime.state(id).pid}/mountinfo`, 'utf8'));
      const targets = () => seen().map(({ target }) => target);
      assert.equal(
        targets().filter((target) => target.startsWith('/tmp')),
        ['/tmp', '/tmp/inside'],
      );
      assert.not.match(readFileSync('/proc/self/mountinfo', 'utf8'), `${open}/inside`);
      assert.is(Bun.spawnSync(['mount', '-t', 'tmpfs', 'tmpfs', join(open, 'later')]).exitCode, 0);
      assert.ok(targets().includes('/tmp/later'), 'later mounts of the host come, as without a user namespace');
      runtime.remove(id);
    } finally {
      Bun.spawnSync(['umount', '-R', open]);
    }
  },
);

testUnless(notRunc, test, 'mounts are listed in the order of the config', () => {
  const { open } = closedFolder();
  const tmpfs = { destination: '/tmp', type: 'tmpfs', source: 'x' };
  const mounts = withMounts(tmpfs, { ...bind(open), destination: '/tmp/a' }, { ...tmpfs, destination: '/tmp/b' });
  const targets = parseMountinfo(inside('cat /proc/self/mountinfo', { mounts })).map(({ target }) => target);
  assert.equal(
    targets.filter((target) => target.startsWith('/tmp')),
    ['/tmp', '/tmp/a', '/tmp/b'],
  );
});

test('no descriptor of the set-up is left open', () => {
  const text = inside('ls /proc/self/fd; ls -l /proc/1/fd', { mounts: withMounts(bind('/tmp')) });
  assert.not.match(text, /proc.*fd.*\d{2,} ->/);
  // The last one is the folder that ls reads.
  assert.equal(lines(text).slice(0, 4), ['0', '1', '2', '3']);
});

const FILES: [type: NamespaceType, file: string][] = [
  ['user', 'user'],
  ['pid', 'pid'],
  ['network', 'net'],
  ['ipc', 'ipc'],
  ['uts', 'uts'],
  ['cgroup', 'cgroup'],
];

/** A running container in a user namespace, in whose namespaces others can be. */
function base(): number {
  const bundle = runtime.bundle({ linux: inUser(), process: { args: ['sleep', '60'] } });
  giveAway(bundle);
  return runtime.state(started(bundle)).pid;
}

function started(bundle: Bundle): string {
  const id = runtime.create(bundle);
  runtime.ok(['start', id]);
  return id;
}

function joining(pid: number, types: NamespaceType[], ...more: Namespace[]): Changes['linux'] {
  const joined = FILES.filter(([type]) => types.includes(type));
  const namespaces = joined.map(([type, file]): Namespace => ({ type, path: `/proc/${pid}/ns/${file}` }));
  // runc wants the mappings of a joined namespace too.
  const mapping = isRunts ? [] : MAPPING;
  // The user namespace last in the list: the order is the runtime's business.
  return {
    namespaces: [...more, { type: 'mount' }, ...namespaces.reverse()],
    uidMappings: mapping,
    gidMappings: mapping,
  };
}

test('a user namespace is joined, with all that it owns', () => {
  const pid = base();
  const bundle = runtime.bundle({
    hostname: undefined,
    linux: joining(
      pid,
      FILES.map(([type]) => type),
    ),
    process: { args: ['sleep', '60'] },
  });
  giveAway(bundle);
  const second = runtime.state(started(bundle)).pid;
  for (const [, file] of FILES) {
    assert.is(readlinkSync(`/proc/${second}/ns/${file}`), readlinkSync(`/proc/${pid}/ns/${file}`), file);
  }
  assert.is(readFileSync(`/proc/${second}/uid_map`, 'utf8'), readFileSync(`/proc/${pid}/uid_map`, 'utf8'));
});

test('a user namespace is joined, with new namespaces beside it', () => {
  const linux = joining(base(), ['user'], { type: 'pid' }, { type: 'ipc' }, { type: 'uts' }, { type: 'network' });
  const bundle = runtime.bundle({
    ...{
      linux,
      hostname: 'joined',
      process: { args: ['sh', '-c', 'echo $$; hostname; stat -c %u /dev/mqueue; id -u'] },
    },
  });
  giveAway(bundle);
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]), '1\njoined\n0\n0\n');
});

testUnless(notRunc, test, 'sources are opened for a container that joins a user namespace, too', () => {
  const { open } = closedFolder();
  const linux = joining(base(), ['user', 'pid']);
  const mounts = withMounts(bind(open));
  const bundle = runtime.bundle({
    linux,
    mounts: mounts.filter(({ type = '' }) => ['proc', 'tmpfs', 'bind'].includes(type)),
    hostname: undefined,
    process: { args: ['cat', '/tmp/file'] },
  });
  giveAway(bundle);
  chmodSync(bundle.directory, 0o700);
  assert.is(runtime.ok(['run', '--bundle', bundle.directory, runtime.id()]), 'found\n');
});

test('namespaces of the host are joined by a container in a new user namespace', () => {
  const path = join(runtime.folder, 'netns');
  writeFileSync(path, '');
  assert.is(Bun.spawnSync(['unshare', `--net=${path}`, 'true']).exitCode, 0);
  const namespaces: Namespace[] = [
    ...(['user', 'mount', 'pid', 'ipc', 'uts'] as const).map((type) => ({ type })),
    { type: 'network', path },
  ];
  // sysfs of a network namespace of the host's can't be mounted.
  const mounts = BASE_MOUNTS.filter(({ type }) => type !== 'sysfs' && type !== 'cgroup');
  const linux = { namespaces, maskedPaths: [], readonlyPaths: [] };
  assert.is(inside('readlink /proc/self/ns/net', { linux, mounts }), `net:[${statSync(path).ino}]\n`);
});

testUnless(notRunc, test, 'groups where setgroups is denied are an error that names them', async () => {
  const holder = Bun.spawn(['unshare', '--user', '--map-root-user', 'sh', '-c', 'echo ready; exec sleep 60']);
  await holder.stdout.getReader().read();
  const path = `/proc/${holder.pid}/ns/user`;
  const namespaces: Namespace[] = [{ type: 'user', path }, { type: 'mount' }, { type: 'pid' }];
  const linux = { namespaces, uidMappings: [], gidMappings: [], maskedPaths: [], readonlyPaths: [] };
  const changes = (additionalGids: number[]): Changes => ({
    ...{ hostname: undefined, linux, process: { args: ['id', '-u'], user: { uid: 0, gid: 0, additionalGids } } },
    // Only one group is mapped.
    mounts: BASE_MOUNTS.filter(({ type = '' }) => ['proc', 'tmpfs'].includes(type)),
  });
  const run = ['run', '--bundle'];
  assert.is(runtime.ok([...run, runtime.bundle(changes([])).directory, runtime.id()]), '0\n');
  assert.match(
    runtime.fails([...run, runtime.bundle(changes([0])).directory, runtime.id()]),
    /\/process\/user\/additionalGids: setgroups 0 EPERM/,
  );
  holder.kill();
});

test.run();
