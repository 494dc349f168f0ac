import { suite } from 'uvu';
import { testRules } from '../fixtures/cases.ts';
import { processRules } from './process.ts';

const test = suite('validate/rules/process');
const rlimit = (type: string, soft: number | bigint, hard: number | bigint) => ({ type, soft, hard });
const MAX = 18446744073709551615n;

testRules(test, processRules, [
  { name: 'the small config is good', set: {}, problems: [] },
  { name: 'a config without process is good', set: { '/process': undefined }, problems: [] },
  { name: 'cwd must be absolute', set: { '/process/cwd': 'tmp' }, problems: ['/process/cwd must be an absolute path'] },
  {
    name: 'args must start with a program',
    set: { '/process/args': ['', 'x'] },
    problems: ['/process/args/0 must be a program: a path or a name'],
  },
  { name: 'other arguments may be empty', set: { '/process/args': ['sh', ''] }, problems: [] },
  { name: 'values in env may be empty or hold "="', set: { '/process/env': ['A=', 'B=c=d'] }, problems: [] },
  {
    name: 'each entry of env needs a name and a value',
    set: { '/process/env': ['A=1', 'B', '=c', ''] },
    problems: [1, 2, 3].map((index) => `/process/env/${index} must have the form NAME=value`),
  },
  {
    name: 'rlimits may be equal, infinite and exact beyond 2^53',
    set: {
      '/process/rlimits': [rlimit('RLIMIT_CORE', MAX, MAX), rlimit('RLIMIT_CPU', 0, 0), rlimit('RLIMIT_AS', 5, MAX)],
    },
    problems: [],
  },
  {
    name: 'a soft limit must not be above the hard one',
    set: { '/process/rlimits': [rlimit('RLIMIT_CORE', MAX, MAX - 1n), rlimit('RLIMIT_CPU', 2, 1)] },
    problems: [
      `/process/rlimits/0/soft must not be above hard, ${MAX - 1n} (setrlimit(2))`,
      '/process/rlimits/1/soft must not be above hard, 1 (setrlimit(2))',
    ],
  },
  {
    name: 'an rlimit must not be there twice',
    set: { '/process/rlimits': [rlimit('RLIMIT_CORE', 0, 1), rlimit('RLIMIT_CPU', 0, 1), rlimit('RLIMIT_CORE', 0, 2)] },
    problems: ['/process/rlimits/2/type is in entry 0 already'],
  },
  { name: 'CPU lists are good', set: { '/process/execCPUAffinity': { initial: '7', final: '' } }, problems: [] },
  {
    name: 'CPU lists must be lists',
    set: { '/process/execCPUAffinity': { initial: '3-1', final: 'all' } },
    problems: ['initial', 'final'].map(
      (name) => `/process/execCPUAffinity/${name} must be a comma-separated list of numbers and ranges, e.g. 0-3,7`,
    ),
  },
]);

test.run();
