// Bundles for real containers: a rootfs of Debian's busybox-static and a config.json like the one of `runc spec`.
import { chmodSync, copyFileSync, existsSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config, Mount, NamespaceType } from '../src/bundle/config.ts';

const BUSYBOX = '/bin/busybox';
// Only what the tests call: every link costs time in each of hundreds of bundles.
const APPLETS =
  '[ awk basename cat chmod chown cut date dd df dirname echo env expr false find grep head hexdump hostname id ip kill ln ls ' +
  'mkdir mkfifo mknod mount mv nc nproc od printf ps pwd readlink realpath rm sed seq setsid sh sleep sort stat stty tail tee ' +
  'test timeout touch tr true tty umount uname unshare wc xargs';

/** `T` with every part optional; `undefined` removes a part of the base. Lists replace the base's list. */
export type Change<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: Change<NonNullable<T[K]>> | undefined }
    : T;
export type Changes = Change<Config>;

export interface Bundle {
  directory: string;
  rootfs: string;
  config: Config;
}

/** Makes the folder with its rootfs and a config.json that is the base config with `changes` in it. */
export function makeBundle(directory: string, changes: Changes = {}): Bundle {
  const rootfs = join(directory, 'rootfs');
  makeRootfs(rootfs);
  const config = baseConfig();
  mergeChanges(config, changes);
  writeConfig(directory, config);
  return { directory, rootfs, config };
}

export function writeConfig(directory: string, config: Config | Record<string, unknown>): void {
  writeFileSync(join(directory, 'config.json'), toJson(config));
}

/** JSON in which a bigint is an integer; JSON.stringify alone refuses it. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `bigint:${part}` : part), 2);
  return text.replace(/"bigint:(-?\d+)"/g, '$1');
}

export function makeRootfs(rootfs: string): void {
  for (const name of ['bin', 'dev', 'etc', 'proc', 'root', 'sys', 'var']) {
    mkdirSync(join(rootfs, name), { recursive: true });
  }
  mkdirSync(join(rootfs, 'tmp'));
  chmodSync(join(rootfs, 'tmp'), 0o1777);
  // One copy for all bundles of a folder: a hard link costs nothing, and the host's own file is never shared.
  const copy = join(dirname(dirname(rootfs)), 'busybox');
  if (!existsSync(copy)) copyFileSync(BUSYBOX, copy);
  linkSync(copy, join(rootfs, 'bin/busybox'));
  for (const applet of APPLETS.split(' ')) symlinkSync('busybox', join(rootfs, 'bin', applet));
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n');
  writeFileSync(join(rootfs, 'etc/group'), 'root:x:0:\nuser:x:1000:\n');
}

export const BASE_MOUNTS: Mount[] = [
  { destination: '/proc', type: 'proc', source: 'proc' },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
  },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
  },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
  {
    destination: '/sys/fs/cgroup',
    type: 'cgroup',
    source: 'cgroup',
    options: ['nosuid', 'noexec', 'nodev', 'relatime', 'ro'],
  },
];

/** The mounts of the base config, then these. */
export function withMounts(...mounts: Mount[]): Mount[] {
  return [...BASE_MOUNTS, ...mounts];
}

const CAPABILITIES = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];

/** Exactly these new namespaces; without one for UTS there can be no hostname. */
export function withNamespaces(...types: NamespaceType[]): Changes {
  const hostname = types.includes('uts') ? {} : { hostname: undefined };
  return { ...hostname, linux: { namespaces: types.map((type) => ({ type })) } };
}

/** What `runc spec` writes, but without a terminal and with a writable rootfs. */
export function baseConfig(): Config {
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ['true'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'],
      cwd: '/',
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
      rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: false },
    hostname: 'box',
    mounts: BASE_MOUNTS,
    linux: {
      resources: { devices: [{ allow: false, access: 'rwm' }] },
      namespaces: [{ type: 'pid' }, { type: 'network' }, { type: 'ipc' }, { type: 'uts' }, { type: 'mount' }],
      maskedPaths: [
        '/proc/acpi',
        '/proc/asound',
        '/proc/kcore',
        '/proc/keys',
        '/proc/latency_stats',
        '/proc/timer_list',
        '/proc/timer_stats',
        '/proc/sched_debug',
        '/sys/firmware',
        '/proc/scsi',
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

/** Puts `changes` into `base`: objects are merged, lists replaced, `undefined` removes. */
export function mergeChanges(base: object, changes: object): void {
  for (const [key, change] of Object.entries(changes)) {
    const old = Reflect.get(base, key);
    if (change === undefined) Reflect.deleteProperty(base, key);
    else if (isRecord(old) && isRecord(change)) mergeChanges(old, change);
    else Reflect.set(base, key, change);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
