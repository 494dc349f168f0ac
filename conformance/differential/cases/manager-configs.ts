// Configs of the kind that Docker, Podman and Kubernetes (through containerd) write, as changes to the base config.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceRule, Mount, NamespaceType } from '../../../src/bundle/config.ts';
import { BASE_MOUNTS, type Bundle, type Changes } from '../../bundle.ts';
import { largeProfile } from '../../seccomp-profile.ts';

const caps = (names: string): string[] => names.split(' ').map((name) => `CAP_${name}`);
const DOCKER_CAPS = caps(
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE',
);
const PODMAN_CAPS = caps(
  'CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT',
);
const ALL_CAPS = caps(
  'AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER ' +
    'FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE ' +
    'NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE ' +
    'SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_TIME SYS_TTY_CONFIG WAKE_ALARM',
);
const same = (names: string[]) => ({ bounding: names, effective: names, permitted: names });

const rule = (type: string, major: number, minor?: number, access = 'rwm'): DeviceRule => ({
  allow: true,
  type,
  major,
  ...(minor !== undefined && { minor }),
  access,
});
const DEVICE_RULES: DeviceRule[] = [
  { allow: false, access: 'rwm' },
  ...[5, 3, 9, 8].map((minor) => rule('c', 1, minor)),
  rule('c', 5, 0),
  rule('c', 5, 1),
  { allow: false, type: 'c', major: 10, minor: 229, access: 'rwm' },
];
const MASKED = (
  '/proc/asound /proc/acpi /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/timer_stats ' +
  '/proc/sched_debug /proc/scsi /sys/firmware /sys/devices/virtual/powercap'
).split(' ');
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** Files that a manager mounts into the container, in the bundle: `prepare` makes them. */
const FILES = ['resolv.conf', 'hostname', 'hosts'];
const fileMounts = (options = ['rbind', 'rprivate']): Mount[] =>
  FILES.map((name) => ({ destination: `/etc/${name}`, type: 'bind', source: `managed/${name}`, options }));
const shm: Mount = {
  destination: '/dev/shm',
  type: 'bind',
  source: 'managed/shm',
  options: ['rbind', 'rprivate', 'noexec', 'nosuid', 'nodev'],
};
const mounts = (...more: Mount[]): Mount[] => [
  ...BASE_MOUNTS.filter(({ destination }) => destination !== '/dev/shm'),
  shm,
  ...more,
];

/** Makes what these configs mount. */
export function managedFiles({ directory }: Bundle): void {
  mkdirSync(join(directory, 'managed/shm'), { recursive: true });
  mkdirSync(join(directory, 'managed/volume'));
  for (const name of [...FILES, 'containerenv', 'termination-log'])
    writeFileSync(join(directory, 'managed', name), `${name}\n`);
}

export const types = (...names: NamespaceType[]) => names.map((type) => ({ type }));

/** `docker run`. */
export const docker = (): Changes => ({
  process: {
    capabilities: same(DOCKER_CAPS),
    noNewPrivileges: undefined,
    rlimits: undefined,
    oomScoreAdj: 0,
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOSTNAME=0123456789ab'],
    user: { uid: 0, gid: 0, additionalGids: [0, 10] },
  },
  hostname: '0123456789ab',
  mounts: mounts(...fileMounts()),
  linux: {
    sysctl: { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' },
    resources: { devices: DEVICE_RULES, blockIO: {} },
    cgroupsPath: '/ID/docker/0123456789ab',
    namespaces: types('mount', 'network', 'uts', 'pid', 'ipc'),
    seccomp: largeProfile(),
    maskedPaths: MASKED,
    readonlyPaths: READ_ONLY,
  },
});

/** What makes any of these privileged. */
export const privileged = (): Changes => ({
  process: { capabilities: same(ALL_CAPS), noNewPrivileges: undefined },
  linux: {
    seccomp: undefined,
    maskedPaths: undefined,
    readonlyPaths: undefined,
    resources: { devices: [{ allow: true, access: 'rwm' }] },
    devices: [
      { path: '/dev/kmsg', type: 'c', major: 1, minor: 11, fileMode: 0o644, uid: 0, gid: 0 },
      { path: '/dev/loop-control', type: 'c', major: 10, minor: 237, fileMode: 0o660, uid: 0, gid: 6 },
    ],
  },
});

/** The sysfs and cgroup mounts of a privileged container are writable. */
export const writable = (list: Mount[]): Mount[] =>
  list.map((mount) =>
    mount.destination.startsWith('/sys')
      ? { ...mount, options: [...(mount.options ?? []).filter((word) => word !== 'ro'), 'rw'] }
      : mount,
  );

/** `podman run` as root. */
export const podman = (): Changes => ({
  process: {
    capabilities: same(PODMAN_CAPS),
    noNewPrivileges: undefined,
    user: { uid: 0, gid: 0, umask: 0o22, additionalGids: [0, 1, 2, 3, 4, 6, 10] },
    env: [
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'container=podman',
      'HOME=/root',
      'HOSTNAME=pod',
      'TERM=xterm',
    ],
    rlimits: [
      { type: 'RLIMIT_NOFILE', soft: 1000, hard: 1024 },
      { type: 'RLIMIT_NPROC', soft: 2000, hard: 2000 },
    ],
  },
  hostname: 'pod',
  annotations: { 'io.container.manager': 'libpod', 'org.opencontainers.image.stopSignal': '15' },
  mounts: mounts(...fileMounts(['bind', 'rprivate']), {
    destination: '/run/.containerenv',
    type: 'bind',
    source: 'managed/containerenv',
    options: ['bind', 'rprivate'],
  }),
  linux: {
    sysctl: { 'net.ipv4.ping_group_range': '0 0' },
    resources: { devices: DEVICE_RULES.slice(0, 1), pids: { limit: 2048 } },
    cgroupsPath: '/ID/libpod_parent/libpod-0123',
    namespaces: types('pid', 'ipc', 'uts', 'mount', 'cgroup', 'network'),
    seccomp: largeProfile(),
    maskedPaths: MASKED,
    readonlyPaths: READ_ONLY,
  },
});

/** A container of a pod, as containerd's CRI plugin writes it, without the sandbox's namespaces. */
export const kubernetes = (): Changes => ({
  process: {
    capabilities: same(DOCKER_CAPS),
    noNewPrivileges: undefined,
    rlimits: undefined,
    oomScoreAdj: 1000,
    user: { uid: 0, gid: 0, additionalGids: [0, 1, 2, 3, 4, 6, 10] },
    env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'HOSTNAME=web-1', 'KUBERNETES_PORT=tcp://10.96.0.1:443'],
  },
  hostname: undefined,
  annotations: { 'io.kubernetes.cri.container-type': 'container', 'io.kubernetes.cri.sandbox-id': 'abc' },
  mounts: mounts(
    ...fileMounts(['rbind', 'rprivate', 'rw']),
    {
      destination: '/dev/termination-log',
      type: 'bind',
      source: 'managed/termination-log',
      options: ['rbind', 'rprivate', 'rw'],
    },
    {
      destination: '/var/run/secrets/kubernetes.io/serviceaccount',
      type: 'bind',
      source: 'managed/volume',
      options: ['rbind', 'rprivate', 'ro'],
    },
  ),
  linux: {
    resources: {
      devices: DEVICE_RULES,
      memory: { limit: 128 << 20 },
      cpu: { shares: 102, quota: 50_000, period: 100_000 },
    },
    cgroupsPath: '/ID/kubepods/besteffort/pod1/abc',
    namespaces: types('pid', 'ipc', 'uts', 'mount', 'network', 'cgroup'),
    seccomp: largeProfile(),
    maskedPaths: MASKED,
    readonlyPaths: READ_ONLY,
  },
});
