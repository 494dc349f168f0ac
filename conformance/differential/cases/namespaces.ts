// config-linux.md, Namespaces, mappings, time offsets, network devices.
import type { Namespace, NamespaceType } from '../../../src/bundle/config.ts';
import { BASE_MOUNTS, type Changes, withMounts, withNamespaces } from '../../bundle.ts';
import { giveAway, inUser } from '../../user-namespace.ts';
import type { Case } from '../case.ts';

const BASE: NamespaceType[] = ['pid', 'network', 'ipc', 'uts', 'mount'];
const JOINABLE = {
  ipc: 'ipc',
  network: 'net',
  pid: 'pid',
  uts: 'uts',
  user: 'user',
  mount: 'mnt',
  time: 'time',
  cgroup: 'cgroup',
} as const;

const without = (...types: NamespaceType[]): Case => ({
  name: `namespaces: the host's ${types.join(', ')}`,
  changes: withNamespaces(...BASE.filter((type) => !types.includes(type))),
});

/** The base's namespaces, some of them those of the sandbox. */
const joined = (types: (keyof typeof JOINABLE)[], changes: Changes = {}): Case => ({
  name: `namespaces: joined ${types.join(', ')}`,
  changes: (place) => ({
    hostname: undefined,
    ...changes,
    linux: {
      namespaces: [...new Set<NamespaceType>([...BASE, ...types])].map(
        (type): Namespace => (types.includes(type) ? { type, path: place.sandbox(JOINABLE[type]) } : { type }),
      ),
      ...changes.linux,
    },
  }),
});

const user = (name: string, changes: Changes = {}): Case => ({
  name: `user namespace: ${name}`,
  changes: { ...changes, linux: inUser(changes.linux) },
  prepare: giveAway,
});

const PLAIN: Case[] = [
  ...BASE.filter((type) => type !== 'mount').map((type) => without(type)),
  without('network', 'ipc', 'uts'),
  without('pid', 'network', 'ipc', 'uts'),
  { name: 'namespaces: cgroup', changes: withNamespaces(...BASE, 'cgroup') },
  { name: 'namespaces: time', changes: withNamespaces(...BASE, 'time') },
  {
    name: 'namespaces: time with offsets',
    changes: {
      linux: {
        namespaces: [...BASE, 'time' as const].map((type) => ({ type })),
        timeOffsets: { boottime: { secs: 1000 }, monotonic: { secs: 50, nanosecs: 7 } },
      },
    },
  },
  { name: 'namespaces: other order', changes: withNamespaces('mount', 'cgroup', 'uts', 'ipc', 'pid', 'network') },
  { name: 'namespaces: one twice', changes: withNamespaces('mount', 'pid', 'pid') },
  {
    name: 'namespaces: none',
    changes: {
      ...withNamespaces(),
      mounts: [],
      linux: { namespaces: [], maskedPaths: undefined, readonlyPaths: undefined },
    },
  },
  {
    name: 'namespaces: missing path',
    changes: { linux: { namespaces: [{ type: 'mount' }, { type: 'network', path: '/missing' }] } },
  },
  {
    name: 'namespaces: path of another type',
    changes: (place) => ({
      linux: { namespaces: [{ type: 'mount' }, { type: 'network', path: place.sandbox('ipc') }] },
    }),
  },
  joined(['network']),
  joined(['ipc', 'network', 'uts']),
  joined(['pid']),
  joined(['ipc', 'network', 'uts', 'pid']),
  joined(['cgroup']),
  joined(['time']),
  joined(['user'], { mounts: BASE_MOUNTS.filter(({ type }) => type !== 'sysfs' && type !== 'cgroup') }),
];

const range = (containerID: number, hostID: number, size: number) => ({ containerID, hostID, size });

const USER: Case[] = [
  user('usual'),
  user('many ranges', {
    linux: {
      uidMappings: [range(0, 100_000, 1000), range(1000, 300_000, 1), range(5000, 200_000, 100)],
      gidMappings: [range(0, 100_000, 1000), range(65_534, 400_000, 1)],
    },
  }),
  user('root stays root', { linux: { uidMappings: [range(0, 0, 65_536)], gidMappings: [range(0, 0, 65_536)] } }),
  user('other user', { process: { user: { uid: 1000, gid: 1000, additionalGids: [5, 10] } } }),
  user('no network namespace of its own', {
    linux: { namespaces: (['user', 'pid', 'ipc', 'uts', 'mount', 'cgroup'] as const).map((type) => ({ type })) },
    mounts: BASE_MOUNTS.map((mount) =>
      mount.type === 'sysfs'
        ? { destination: '/sys', type: 'bind', source: '/sys', options: ['rbind', 'ro', 'nosuid', 'nodev', 'noexec'] }
        : mount,
    ),
  }),
  user('read-only root', { root: { readonly: true } }),
  user('devices', {
    linux: {
      devices: [
        { path: '/dev/kmsg', type: 'c', major: 1, minor: 11, fileMode: 0o600, uid: 0, gid: 0 },
        { path: '/dev/pipe', type: 'p', fileMode: 0o640 },
      ],
    },
  }),
  user('sysctl', { linux: { sysctl: { 'net.ipv4.ip_forward': '1', 'kernel.msgmax': '4096' } } }),
  user('bind mounts', {
    mounts: withMounts(
      { destination: '/misc', type: 'bind', source: '/usr/share/misc', options: ['rbind', 'ro'] },
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['uid=1000', 'gid=1000', 'mode=700'] },
    ),
  }),
  user('all capabilities', { process: { capabilities: undefined } }),
  user('no cgroup namespace', {
    linux: { namespaces: (['user', 'pid', 'network', 'ipc', 'uts', 'mount'] as const).map((type) => ({ type })) },
  }),
  user('without mappings', { linux: { uidMappings: undefined, gidMappings: undefined } }),
  user('id-mapped mount', {
    mounts: withMounts({ destination: '/misc', type: 'bind', source: '/usr/share/misc', options: ['bind', 'idmap'] }),
  }),
  user('rlimits and oom score', {
    process: { oomScoreAdj: 700, rlimits: [{ type: 'RLIMIT_NPROC', soft: 50, hard: 60 }] },
  }),
];

export const NAMESPACE_CASES: Case[] = [
  ...PLAIN,
  ...USER,
  { name: 'netDevices: missing', changes: { linux: { netDevices: { 'no-such-device': { name: 'eth0' } } } } },
];
