import { suite } from 'uvu';
import { testRules } from '../fixtures/cases.ts';
import { resourceRules } from './resources.ts';

const test = suite('validate/rules/resources');
const R = '/linux/resources';
const list = 'must be a comma-separated list of numbers and ranges, e.g. 0-3,7';
const size = 'must be a size such as 64KB, 2MB or 1GB';
const file = 'must be for a file name such as memory.high';

testRules(test, resourceRules, [
  { name: 'no resources are good', set: {}, problems: [] },
  ...['/a/b', 'a/b', 'system.slice:docker:1234', '', '/', 'a..b/c...'].map((path) => ({
    name: `cgroupsPath ${JSON.stringify(path)} is good`,
    set: { '/linux/cgroupsPath': path },
    problems: [],
  })),
  ...['..', '/../a', 'a/..', '/a/../../b'].map((path) => ({
    name: `cgroupsPath ${path} is refused`,
    set: { '/linux/cgroupsPath': path },
    problems: ['/linux/cgroupsPath must not contain ".."'],
  })),
  ...[{ limit: 5, swap: 5 }, { limit: 5, swap: -1 }, { limit: 5, swap: 0 }, { limit: -1, swap: 5 }, { swap: 5 }].map(
    (memory) => ({
      name: `memory ${JSON.stringify(memory)} is good`,
      set: { [`${R}/memory`]: memory },
      problems: [],
    }),
  ),
  {
    name: 'memory and swap must not be below memory',
    set: {
      [`${R}/memory`]: {
        limit: 9223372036854775807n,
        swap: 9223372036854775806n,
      },
    },
    problems: [`${R}/memory/swap must not be below limit, 9223372036854775807: it is for memory and swap together`],
  },
  {
    name: 'CPU settings are good',
    set: {
      [`${R}/cpu`]: {
        quota: -1,
        burst: 5n,
        realtimeRuntime: 5,
        realtimePeriod: 5,
        cpus: '0-3,7',
        mems: '',
      },
    },
    problems: [],
  },
  {
    name: 'burst must not be above quota, nor realtimeRuntime above realtimePeriod',
    set: {
      [`${R}/cpu`]: {
        quota: 10,
        burst: 11,
        realtimeRuntime: 6,
        realtimePeriod: 5,
      },
    },
    problems: [
      `${R}/cpu/burst must not be above quota, 10`,
      `${R}/cpu/realtimeRuntime must not be above realtimePeriod, 5`,
    ],
  },
  {
    name: 'cpus and mems must be lists',
    set: { [`${R}/cpu`]: { cpus: 'x', mems: '1,' } },
    problems: [`${R}/cpu/cpus ${list}`, `${R}/cpu/mems ${list}`],
  },
  {
    name: 'an entry of weightDevice needs a weight',
    set: {
      [`${R}/blockIO/weightDevice`]: [
        { major: 8, minor: 0, leafWeight: 1 },
        { major: 8, minor: 0 },
      ],
    },
    problems: [`${R}/blockIO/weightDevice/1 must have weight or leafWeight`],
  },
  {
    name: 'huge page sizes must be sizes',
    set: {
      [`${R}/hugepageLimits`]: ['64KB', '2MB', '1GB', '2mb', '0MB', '2M', 'MB', '2MB '].map((pageSize) => ({
        pageSize,
        limit: 1,
      })),
    },
    problems: [3, 4, 5, 6, 7].map((index) => `${R}/hugepageLimits/${index}/pageSize ${size}`),
  },
  {
    name: 'network priorities must be for interfaces',
    set: {
      [`${R}/network/priorities`]: [
        { name: 'eth0', priority: 1 },
        { name: 'a b', priority: 1 },
      ],
    },
    problems: [`${R}/network/priorities/1/name must be an interface name: 1 to 15 bytes without blanks, "/" and ":"`],
  },
  {
    name: 'an RDMA device needs a limit and a name',
    set: {
      [`${R}/rdma`]: {
        mlx5_1: { hcaHandles: 1 },
        mlx4_0: {},
        'a b': { hcaObjects: 1 },
        '': { hcaObjects: 1 },
      },
    },
    problems: [
      `${R}/rdma/mlx4_0 must have hcaHandles or hcaObjects`,
      `${R}/rdma/a b must be named like a device, without blanks`,
      `${R}/rdma/ must be named like a device, without blanks`,
    ],
  },
  {
    name: 'unified files are in the cgroup',
    set: {
      [`${R}/unified`]: {
        'memory.high': '1',
        'hugetlb.1GB.rsvd.max': '1',
        'misc.max': 'a\nb',
      },
    },
    problems: [],
  },
  {
    name: 'unified files must not be about processes',
    set: {
      [`${R}/unified`]: {
        'cgroup.procs': '1',
        'cgroup.threads': '1',
        'cgroup.kill': '1',
        'cgroup.max.depth': '1',
      },
    },
    problems: ['procs', 'threads', 'kill'].map((key) => `${R}/unified/cgroup.${key} must not move or kill processes`),
  },
  {
    name: 'unified names must be file names',
    set: {
      '/linux': {
        resources: {
          unified: {
            '../memory.high': '1',
            '..': '1',
            '': '1',
            'a/b.c': '1',
            memory: '1',
            'a.b\0': '1',
          },
        },
      },
    },
    problems: ['..~1memory.high', '..', '', 'a~1b.c', 'memory', 'a.b\\u0000'].map(
      (key) => `${R}/unified/${key} ${file}`,
    ),
  },
]);

test.run();
