// config.md, Mounts: every option word, file systems, bind mounts, places.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mount } from '../../../src/bundle/config.ts';
import { BASE_MOUNTS, type Bundle, withMounts } from '../../bundle.ts';
import type { Case } from '../case.ts';

const one = (name: string, ...mounts: Mount[]): Case => ({ name, changes: { mounts: withMounts(...mounts) } });
const tmpfs = (options: string[], destination = '/tmp'): Mount => ({
  destination,
  type: 'tmpfs',
  source: 'tmpfs',
  options,
});
/** The base mounts, with another mount in place of the one at `destination`. */
const instead = (name: string, destination: string, change: Partial<Mount>): Case => ({
  name,
  changes: {
    mounts: BASE_MOUNTS.map((mount) => (mount.destination === destination ? { ...mount, ...change } : mount)),
  },
});

/** A bind mount of a folder (or file) of the bundle. */
const bind = (name: string, options: string[], mount: Partial<Mount> = {}): Case => ({
  ...one(name, { destination: '/data', type: 'bind', source: 'data', options, ...mount }),
  prepare: sources,
  look: ['stat /data', 'names /data', 'read /data/file', 'create /data/new', 'names /data/sub', 'stat /links/data'],
});

function sources({ directory, rootfs }: Bundle): void {
  mkdirSync(join(directory, 'data/sub'), { recursive: true });
  writeFileSync(join(directory, 'data/file'), 'content\n');
  mkdirSync(join(rootfs, 'target'));
  mkdirSync(join(rootfs, 'links'));
  symlinkSync('/target', join(rootfs, 'links/absolute'));
  symlinkSync('../target', join(rootfs, 'links/relative'));
  symlinkSync('/nowhere/yet', join(rootfs, 'links/dangling'));
  symlinkSync('../../../../target', join(rootfs, 'links/outside'));
}

const WORDS = (
  'ro nosuid nodev noexec noatime nodiratime relatime strictatime sync dirsync lazytime mand nosymfollow ' +
  'rro rnosuid rnodev rnoexec rnoatime rnodiratime rrelatime rstrictatime rnosymfollow ' +
  'shared rshared slave rslave private rprivate unbindable runbindable defaults silent iversion'
).split(' ');

const OPTIONS: Case[] = [
  ...WORDS.map((word) => one(`tmpfs: ${word}`, tmpfs([word]))),
  one(
    'tmpfs: words that take back',
    tmpfs(['ro', 'rw', 'nosuid', 'suid', 'nodev', 'dev', 'noexec', 'exec', 'noatime', 'atime']),
  ),
  one('tmpfs: data', tmpfs(['size=8m', 'mode=1750', 'uid=1000', 'gid=5', 'nr_inodes=1k'])),
  one('tmpfs: unknown data', tmpfs(['flavour=sweet'])),
  one('tmpfs: no options', { destination: '/tmp', type: 'tmpfs', source: 'tmpfs' }),
  one('tmpfs: no source', { destination: '/tmp', type: 'tmpfs' }),
  one('tmpfs: source name', { destination: '/tmp', type: 'tmpfs', source: 'my tmpfs' }),
  { ...one('tmpfs: tmpcopyup', tmpfs(['tmpcopyup', 'mode=755'], '/etc')), look: ['tree /etc', 'read /etc/passwd'] },
];

const BINDS: Case[] = [
  bind('bind: folder', ['bind']),
  bind('bind: rbind', ['rbind', 'rprivate']),
  bind('bind: read-only', ['bind', 'ro']),
  bind('bind: recursively read-only', ['rbind', 'rro']),
  bind('bind: nosuid, nodev, noexec', ['rbind', 'nosuid', 'nodev', 'noexec', 'ro']),
  bind('bind: by type only', []),
  bind('bind: type none', ['rbind'], { type: 'none' }),
  bind('bind: no type', ['bind'], { type: undefined } as unknown as Partial<Mount>),
  bind('bind: shared', ['rbind', 'rshared']),
  bind('bind: slave', ['rbind', 'rslave']),
  bind('bind: unbindable', ['bind', 'unbindable']),
  bind('bind: noatime', ['bind', 'noatime']),
  bind('bind: file', ['bind', 'ro'], { source: 'data/file', destination: '/etc/deep/file' }),
  bind('bind: file over a file', ['rbind', 'rprivate'], { source: 'data/file', destination: '/etc/passwd' }),
  bind('bind: device', ['bind'], { source: '/dev/zero', destination: '/dev/fine' }),
  bind('bind: missing source', ['bind'], { source: 'missing' }),
  bind('bind: absolute source', ['bind', 'ro'], { source: '/usr/share/misc' }),
  bind('bind: through an absolute link', ['bind'], { destination: '/links/absolute' }),
  bind('bind: through a relative link', ['bind'], { destination: '/links/relative/deeper' }),
  bind('bind: through a dangling link', ['bind'], { destination: '/links/dangling' }),
  bind('bind: through a link to the outside', ['bind'], { destination: '/links/outside/in' }),
  bind('bind: relative destination', ['bind'], { destination: 'data' }),
  bind('bind: dotted destination', ['bind'], { destination: '/tmp/../data/.' }),
  bind('bind: file on a folder', ['bind'], { source: 'data/file', destination: '/tmp' }),
  bind('bind: idmap without mappings', ['bind', 'idmap']),
  bind('bind: mappings', ['bind'], {
    uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
    gidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
  }),
];

const KINDS: Case[] = [
  { name: 'mounts: proc only', changes: { mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }] } },
  { name: 'mounts: none', changes: { mounts: [], linux: { maskedPaths: undefined, readonlyPaths: undefined } } },
  instead('proc: hidepid', '/proc', { options: ['nosuid', 'nodev', 'noexec', 'hidepid=2'] }),
  instead('proc: subset', '/proc', { options: ['subset=pid'] }),
  instead('proc: read-only', '/proc', { options: ['ro', 'nosuid'] }),
  instead('sysfs: writable', '/sys', { options: ['nosuid', 'noexec', 'nodev'] }),
  instead('cgroup: writable', '/sys/fs/cgroup', { options: ['rw', 'nosuid'] }),
  instead('cgroup: no options', '/sys/fs/cgroup', { options: [] }),
  instead('cgroup: recursive words', '/sys/fs/cgroup', { options: ['rnosuid', 'rro', 'rslave'] }),
  instead('cgroup2', '/sys/fs/cgroup', { type: 'cgroup2', source: 'cgroup2' }),
  instead('devpts: other modes', '/dev/pts', {
    options: ['newinstance', 'mode=600', 'ptmxmode=000', 'gid=7', 'max=16'],
  }),
  instead('dev: read-only', '/dev', { options: ['nosuid', 'mode=755', 'ro'] }),
  instead('dev: bind', '/dev', { type: 'bind', source: '/dev', options: ['rbind', 'rslave'] }),
  instead('sys: bind', '/sys', { type: 'bind', source: '/sys', options: ['rbind', 'ro', 'rslave'] }),
  instead('mqueue: elsewhere', '/dev/mqueue', { destination: '/var/queues' }),
  one('ramfs', { destination: '/tmp', type: 'ramfs', source: 'ramfs', options: ['mode=700'] }),
  one('mounts: unknown file system', { destination: '/tmp', type: 'nosuchfs', source: 'none' }),
  one('mounts: one over another', tmpfs(['mode=700']), tmpfs(['mode=711']), tmpfs([], '/tmp/inner')),
  one('mounts: over the root', tmpfs([], '/')),
  one('mounts: inside a read-only one', tmpfs(['ro'], '/tmp'), tmpfs([], '/dev/shm/inner')),
  {
    ...one('overlay', {
      destination: '/mnt',
      type: 'overlay',
      source: 'overlay',
      options: ['lowerdir=/usr/share/misc', 'upperdir=/dev/shm/none', 'workdir=/dev/shm/none2'],
    }),
  },
  one('overlay: lower only', {
    destination: '/mnt',
    type: 'overlay',
    source: 'overlay',
    options: ['lowerdir=/usr/share/misc:/etc/apt', 'ro'],
  }),
];

export const MOUNT_CASES: Case[] = [...OPTIONS, ...BINDS, ...KINDS];
