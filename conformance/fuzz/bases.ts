// The configs that mutations start from.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, NamespaceType } from '../../src/bundle/config.ts';
import { parseJson } from '../../src/bundle/json.ts';
import { baseConfig, withMounts } from '../bundle.ts';

const FIXTURES = join(import.meta.dirname, '../../src/validate/fixtures');

/** What managers write, and a config with every property of the specification. */
export function readBases(): Config[] {
  const files = ['full', 'docker', 'kubernetes', 'podman'].map((name) => `${name}.json`);
  return [...files.map((file) => parseJson(readFileSync(join(FIXTURES, file)), file) as Config), ...goodConfigs()];
}

const types = (...names: NamespaceType[]): { type: NamespaceType }[] => names.map((type) => ({ type }));
const MAPPINGS = [{ containerID: 0, hostID: 0, size: 65_536 }];

/** Configs for bundles of the tests, of which containers can be created on most hosts. */
export function goodConfigs(): Config[] {
  const plain = baseConfig();
  return [plain, rich(), { ...plain, linux: { ...plain.linux, ...inUser() } }, { ...plain, process: undefined }].map(
    // Without members that are undefined.
    (config) => JSON.parse(JSON.stringify(config)),
  );
}

function inUser(): Config['linux'] {
  const namespaces = types('user', 'pid', 'mount', 'network', 'ipc', 'uts', 'cgroup');
  return { namespaces, uidMappings: MAPPINGS, gidMappings: MAPPINGS };
}

function rich(): Config {
  const base = baseConfig();
  const mounts = withMounts(
    { destination: '/data', source: 'data', options: ['rbind', 'ro', 'rprivate', 'nosuid'] },
    { destination: '/var', type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup', 'size=1m', 'mode=700'] },
    {
      destination: '/mapped',
      source: 'data',
      options: ['bind', 'idmap'],
      uidMappings: MAPPINGS,
      gidMappings: MAPPINGS,
    },
  );
  return {
    ...base,
    mounts,
    domainname: 'example.org',
    annotations: { 'org.example.key': 'value' },
    hooks: {
      createRuntime: [{ path: '/bin/true', args: ['true'], env: ['A=1'], timeout: 5 }],
      createContainer: [{ path: '/bin/true' }],
      poststop: [{ path: '/bin/true' }],
    },
    process: { ...process(), cwd: '/srv/x', args: ['sh'] },
    linux: {
      ...base.linux,
      namespaces: types('pid', 'mount', 'network', 'ipc', 'uts', 'cgroup', 'time'),
      timeOffsets: { monotonic: { secs: 100, nanosecs: 7 }, boottime: { secs: -1 } },
      sysctl: { 'net.ipv4.ip_forward': '1', 'kernel.shm_rmid_forced': '1' },
      rootfsPropagation: 'slave',
      devices: [
        { path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 0o666, uid: 0, gid: 0 },
        { path: '/dev/pipe', type: 'p' },
      ],
      resources: {
        devices: [{ allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }],
        memory: { limit: 64_000_000, swap: 64_000_000 },
        cpu: { shares: 512, quota: 50_000, period: 100_000 },
        pids: { limit: 100 },
      },
      personality: { domain: 'LINUX' },
      memoryPolicy: { mode: 'MPOL_PREFERRED', nodes: '0', flags: ['MPOL_F_STATIC_NODES'] },
      netDevices: {},
      seccomp: {
        defaultAction: 'SCMP_ACT_ALLOW',
        architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'],
        flags: ['SECCOMP_FILTER_FLAG_LOG'],
        syscalls: [
          { names: ['ptrace', 'kcmp'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 },
          { names: ['personality'], action: 'SCMP_ACT_LOG', args: [{ index: 0, value: 8, op: 'SCMP_CMP_EQ' }] },
        ],
      },
    },
  };
}

function process(): NonNullable<Config['process']> {
  return {
    cwd: '/',
    user: { uid: 1000, gid: 1000, umask: 0o22, additionalGids: [5, 6] },
    env: ['PATH=/bin', 'A=1'],
    capabilities: { bounding: ['CAP_KILL', 'CAP_CHOWN'], permitted: ['CAP_KILL'], ambient: ['CAP_KILL'] },
    rlimits: [{ type: 'RLIMIT_CORE', soft: 0, hard: 0 }],
    oomScoreAdj: 100,
    noNewPrivileges: false,
    scheduler: { policy: 'SCHED_BATCH', nice: 5, flags: ['SCHED_FLAG_RESET_ON_FORK'] },
    ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 4 },
    execCPUAffinity: { initial: '0', final: '0-1' },
  };
}
