// Whole configs, as managers write them for what their users ask for.
import type { Mount, NamespaceType } from '../../../src/bundle/config.ts';
import type { Bundle, Changes } from '../../bundle.ts';
import { giveAway, MAPPING } from '../../user-namespace.ts';
import type { Case, Place } from '../case.ts';
import { docker, kubernetes, managedFiles, podman, privileged, types, writable } from './manager-configs.ts';

type Base = () => Changes;
type More = Changes | ((base: Changes, place: Place) => Changes);

const of = (name: string, base: Base, more: More = {}, prepare: (bundle: Bundle) => void = managedFiles): Case => ({
  name,
  prepare,
  changes: (place) => {
    const first = base();
    return [first, typeof more === 'function' ? more(first, place) : more];
  },
});

const add =
  (...mounts: Mount[]) =>
  (base: Changes): Changes => ({ mounts: [...(base.mounts ?? []), ...mounts] });
const NO_CAPS = { bounding: [], effective: [], permitted: [], inheritable: [] };
const volume = (destination: string, options: string[]): Mount => ({
  destination,
  type: 'bind',
  source: 'managed/volume',
  options,
});
const scratch = (destination: string): Mount => ({
  destination,
  type: 'tmpfs',
  source: 'tmpfs',
  options: ['noexec', 'nosuid', 'nodev', 'size=1m'],
});

function mapped(base: Changes): Changes {
  const namespaces: NamespaceType[] = ['user', 'mount', 'network', 'uts', 'pid', 'ipc', 'cgroup'];
  return {
    linux: { namespaces: types(...namespaces), uidMappings: MAPPING, gidMappings: MAPPING },
    mounts: base.mounts,
  };
}
function mappedFiles(bundle: Bundle): void {
  managedFiles(bundle);
  giveAway(bundle);
}

const fully = (base: Changes): Changes => ({ ...privileged(), mounts: writable([...(base.mounts ?? [])]) });
const inSandbox = (_: Changes, place: Place): Changes => ({
  linux: {
    namespaces: [
      ...types('pid', 'mount'),
      { type: 'ipc', path: place.sandbox('ipc') },
      { type: 'uts', path: place.sandbox('uts') },
      { type: 'network', path: place.sandbox('net') },
    ],
  },
});
const onHost = (...kept: NamespaceType[]): Changes => ({
  hostname: undefined,
  linux: { namespaces: types(...kept), sysctl: undefined },
});

const DOCKER: Case[] = [
  of('docker: run', docker),
  of('docker: --user', docker, { process: { user: { uid: 1000, gid: 1000, additionalGids: [1000, 20] } } }),
  of('docker: --read-only --tmpfs', docker, (base) => ({
    root: { readonly: true },
    ...add(scratch('/run'), scratch('/tmp'))(base),
  })),
  of('docker: --privileged', docker, fully),
  of('docker: --network host', docker, onHost('mount', 'uts', 'pid', 'ipc')),
  of('docker: --pid host --ipc host --uts host', docker, onHost('mount', 'network')),
  of(
    'docker: --volume',
    docker,
    add(volume('/data', ['rbind', 'rprivate']), volume('/data-ro', ['rbind', 'ro', 'rprivate'])),
  ),
  of('docker: volume shared, slave', docker, (base) => ({
    linux: { rootfsPropagation: 'shared' },
    ...add(volume('/shared', ['rbind', 'rshared']), volume('/slave', ['rbind', 'rslave']))(base),
  })),
  of('docker: --security-opt no-new-privileges --cap-drop all', docker, {
    process: { noNewPrivileges: true, capabilities: NO_CAPS },
  }),
  of('docker: --security-opt seccomp=unconfined systempaths=unconfined', docker, {
    linux: { seccomp: undefined, maskedPaths: undefined, readonlyPaths: undefined },
  }),
  of('docker: limits', docker, {
    linux: {
      resources: {
        memory: { limit: 64 << 20, swap: 128 << 20, reservation: 32 << 20 },
        cpu: { shares: 512, quota: 150_000, period: 100_000, cpus: '0' },
        pids: { limit: 100 },
      },
    },
  }),
  of('docker: --ulimit --oom-score-adj', docker, {
    process: {
      oomScoreAdj: 250,
      rlimits: [
        { type: 'RLIMIT_NOFILE', soft: 512, hard: 600 },
        { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
      ],
    },
  }),
  of('docker: --device', docker, {
    linux: {
      devices: [{ path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 0o666, uid: 0, gid: 0 }],
      resources: {
        devices: [
          { allow: false, access: 'rwm' },
          { allow: true, type: 'c', major: 10, minor: 229, access: 'rwm' },
        ],
      },
    },
  }),
  of('docker: --userns-remap', docker, mapped, mappedFiles),
  of('docker: --workdir missing', docker, { process: { cwd: '/work/dir', user: { uid: 1000, gid: 1000 } } }),
  of('docker: --cgroupns private', docker, {
    linux: { namespaces: types('mount', 'network', 'uts', 'pid', 'ipc', 'cgroup') },
  }),
];

const PODMAN: Case[] = [
  of('podman: run', podman),
  of('podman: --user', podman, {
    process: { user: { uid: 33, gid: 33, umask: 0o22 }, capabilities: { ...NO_CAPS, bounding: ['CAP_KILL'] } },
  }),
  of('podman: --privileged', podman, fully),
  of('podman: --read-only', podman, (base) => ({
    root: { readonly: true },
    ...add(scratch('/run'), scratch('/var/tmp'))(base),
  })),
  of('podman: --userns', podman, mapped, mappedFiles),
  of('podman: --network host', podman, onHost('pid', 'ipc', 'uts', 'mount', 'cgroup')),
  of('podman: pod', podman, inSandbox),
  of('podman: --systemd', podman, (base) => ({
    process: { args: ['/probe', 'init'] },
    ...add(
      scratch('/run'),
      scratch('/run/lock'),
      scratch('/var/log/journal'),
    )({ mounts: writable([...(base.mounts ?? [])]) }),
  })),
];

const KUBERNETES: Case[] = [
  of('kubernetes: sandbox', kubernetes, {
    hostname: 'web-1',
    root: { readonly: true },
    process: { oomScoreAdj: 0, noNewPrivileges: true, user: { uid: 65_535, gid: 65_535 } },
    linux: { resources: { memory: undefined, cpu: { shares: 2 } } },
  }),
  of('kubernetes: container', kubernetes, inSandbox),
  of('kubernetes: runAsNonRoot, restricted', kubernetes, (base, place) => ({
    ...inSandbox(base, place),
    root: { readonly: true },
    process: { noNewPrivileges: true, user: { uid: 1001, gid: 1001, additionalGids: [2000] }, capabilities: NO_CAPS },
  })),
  of('kubernetes: privileged, hostNetwork', kubernetes, (base) => {
    const whole = fully(base);
    return { ...whole, linux: { ...whole.linux, namespaces: types('pid', 'ipc', 'mount') } };
  }),
  of('kubernetes: shareProcessNamespace', kubernetes, (_, place) => ({
    linux: {
      namespaces: [
        ...types('mount'),
        { type: 'pid', path: place.sandbox('pid') },
        { type: 'network', path: place.sandbox('net') },
        { type: 'ipc', path: place.sandbox('ipc') },
        { type: 'uts', path: place.sandbox('uts') },
      ],
    },
  })),
  of('kubernetes: user namespace', kubernetes, mapped, mappedFiles),
  of('kubernetes: mountPropagation', kubernetes, (base) => ({
    linux: { rootfsPropagation: 'rslave' },
    ...add(volume('/to-container', ['rbind', 'rslave']), volume('/both', ['rbind', 'rshared']))(base),
  })),
  of('kubernetes: ambient capabilities', kubernetes, {
    process: {
      user: { uid: 1000, gid: 1000 },
      capabilities: { inheritable: ['CAP_NET_BIND_SERVICE'], ambient: ['CAP_NET_BIND_SERVICE'] },
    },
  }),
  of('kubernetes: sysctls', kubernetes, {
    linux: { sysctl: { 'net.core.somaxconn': '1024', 'kernel.shm_rmid_forced': '1' } },
  }),
];

export const MANAGER_CASES: Case[] = [...DOCKER, ...PODMAN, ...KUBERNETES];
