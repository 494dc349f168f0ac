import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { featuresProblems } from './features.ts';

const test = suite('validate/features');
const versions = { ociVersionMin: '1.0.0', ociVersionMax: '1.3.0' };
const linux = {
  namespaces: ['cgroup', 'time'],
  capabilities: ['CAP_CHOWN'],
  cgroup: { v1: true, v2: true, systemd: true, systemdUser: false, rdma: null },
  seccomp: {
    enabled: true,
    actions: ['SCMP_ACT_ALLOW'],
    operators: ['SCMP_CMP_EQ'],
    archs: ['SCMP_ARCH_X86_64'],
    knownFlags: ['SECCOMP_FILTER_FLAG_LOG'],
    supportedFlags: null,
  },
  apparmor: { enabled: true },
  selinux: null,
  memoryPolicy: { modes: ['MPOL_BIND'], flags: ['MPOL_F_STATIC_NODES'] },
  intelRdt: { enabled: true, schemata: true, monitoring: false },
  mountExtensions: { idmap: { enabled: true } },
  netDevices: { enabled: false },
};

const cases: { name: string; features: unknown; problems: string[] }[] = [
  { name: 'two versions are enough', features: versions, problems: [] },
  {
    name: 'everything may be there',
    features: {
      ...versions,
      hooks: ['poststop'],
      mountOptions: ['ro'],
      annotations: { a: 'b' },
      linux,
      potentiallyUnsafeConfigAnnotations: ['a.'],
    },
    problems: [],
  },
  { name: 'null is good', features: { ...versions, hooks: null, annotations: null, linux: null }, problems: [] },
  {
    name: 'the versions must not be null',
    features: { ociVersionMin: null, hooks: null },
    problems: ['/ociVersionMin is missing', '/ociVersionMax is missing'],
  },
  {
    name: 'values must have the right types',
    features: {
      ...versions,
      hooks: [1],
      annotations: { a: null },
      linux: { cgroup: { v1: 'yes' }, seccomp: [], namespaces: 'pid' },
    },
    problems: [
      '/hooks/0 must be a string',
      '/annotations/a must be a string',
      '/linux/namespaces must be an array or null',
      '/linux/cgroup/v1 must be true, false or null',
      '/linux/seccomp must be an object or null',
    ],
  },
  {
    name: 'names must be known',
    features: { ...versions, linux: { memoryPolicy: { flags: ['x'] } } },
    problems: [
      '/linux/memoryPolicy/flags/0 must be one of: MPOL_F_NUMA_BALANCING, MPOL_F_RELATIVE_NODES, MPOL_F_STATIC_NODES',
    ],
  },
];
for (const { name, features, problems } of cases) {
  test(name, () =>
    assert.equal(
      featuresProblems(features).map(({ pointer, rule }) => `${pointer} ${rule}`),
      problems,
    ),
  );
}

test.run();
