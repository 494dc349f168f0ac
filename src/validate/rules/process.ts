// The container process (config.md, "Process", "POSIX process", "Linux Process").
import type { Rlimit } from '../../bundle/config.ts';
import { isNumberList, NUMBER_LIST } from '../number-list.ts';
import { problem, type Rule } from '../problem.ts';

export const processRules: Rule[] = [
  {
    name: 'process.cwd is absolute',
    reads: ['/process/cwd'],
    check({ process }) {
      if (process === undefined || process.cwd.startsWith('/')) return [];
      return [problem('/process/cwd', process.cwd, 'must be an absolute path')];
    },
  },
  {
    name: 'process.args names a program',
    reads: ['/process/args'],
    check({ process }) {
      return process?.args?.[0] === '' ? [problem('/process/args/0', '', 'must be a program: a path or a name')] : [];
    },
  },
  {
    // POSIX's environ: "strings have the form name=value". runc refuses others too.
    name: 'process.env entries are NAME=value',
    reads: ['/process/env'],
    check: ({ process }) =>
      (process?.env ?? []).flatMap((entry, index) =>
        entry.indexOf('=') > 0 ? [] : problem(`/process/env/${index}`, entry, 'must have the form NAME=value'),
      ),
  },
  {
    name: 'rlimits have different types',
    reads: ['/process/rlimits'],
    check({ process }) {
      const types = (process?.rlimits ?? []).map(({ type }) => type);
      return types.flatMap((type, index) => {
        const first = types.indexOf(type);
        return first === index ? [] : problem(`/process/rlimits/${index}/type`, type, `is in entry ${first} already`);
      });
    },
  },
  {
    name: 'soft limits are not above hard limits',
    reads: ['/process/rlimits'],
    check: ({ process }) => (process?.rlimits ?? []).flatMap(softAboveHard),
  },
  {
    name: 'execCPUAffinity has lists of CPUs',
    reads: ['/process/execCPUAffinity'],
    check: ({ process }) =>
      (['initial', 'final'] as const).flatMap((name) => {
        const list = process?.execCPUAffinity?.[name];
        const isGood = list === undefined || isNumberList(list);
        return isGood ? [] : problem(`/process/execCPUAffinity/${name}`, list, NUMBER_LIST);
      }),
  },
];

function softAboveHard({ soft, hard }: Rlimit, index: number) {
  if (soft <= hard) return [];
  return [problem(`/process/rlimits/${index}/soft`, soft, `must not be above hard, ${hard} (setrlimit(2))`)];
}
