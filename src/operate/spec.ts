// `spec`: writes a config.json to start from, with runc's defaults.
import { existsSync, writeFileSync } from '../../bindings/file-system.ts';
import type { Config, Mount, NamespaceType } from '../bundle/config.ts';
import { RuntimeError, step } from '../errors.ts';

export interface SpecOptions {
  /** The folder to write to. */
  bundle: string;
  /** For a user without privileges: a user namespace with this user as its root. */
  isRootless: boolean;
}

/** The command. Never overwrites an existing file. */
export function spec({ bundle, isRootless }: SpecOptions): void {
  const path = `${bundle}/config.json`;
  if (existsSync(path)) throw new RuntimeError(`${path} exists already`, { hint: 'remove it first' });
  const config = isRootless ? rootless(defaultConfig()) : defaultConfig();
  step(`write ${path}`, () => writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o666, flag: 'wx' }));
}

const CAPABILITIES = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];

const MOUNTS: Mount[] = [
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

const MASKED_PATHS = [
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
];

const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The config that `spec` writes. */
export function defaultConfig(): Config {
  const namespaces: NamespaceType[] = ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'];
  return {
    ociVersion: '1.3.0',
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ['sh'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'],
      cwd: '/',
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
      rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: true },
    hostname: 'runts',
    mounts: MOUNTS,
    linux: {
      resources: { devices: [{ allow: false, access: 'rwm' }] },
      namespaces: namespaces.map((type) => ({ type })),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
  };
}

// Without privileges there is no network namespace to set up and no sysfs to mount for it, no group 5 to map, and no
// cgroup to limit.
function rootless(config: Config): Config {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const { resources: _, ...linux } = config.linux ?? {};
  const namespaces = (linux.namespaces ?? []).filter(({ type }) => type !== 'network');
  return {
    ...config,
    mounts: (config.mounts ?? []).map(rootlessMount),
    linux: {
      ...linux,
      uidMappings: [{ containerID: 0, hostID: uid, size: 1 }],
      gidMappings: [{ containerID: 0, hostID: gid, size: 1 }],
      namespaces: [...namespaces, { type: 'user' }],
    },
  };
}

function rootlessMount(mount: Mount): Mount {
  if (mount.destination === '/sys') {
    return { ...mount, type: 'none', source: '/sys', options: ['rbind', ...(mount.options ?? [])] };
  }
  return { ...mount, options: (mount.options ?? []).filter((option) => !option.startsWith('gid=')) };
}
