// The container process (config.md, "Process", "POSIX process", "Linux Process").
import type { Rlimit } from '../../bundle/config.ts';
import { isNumberList, NUMBER_LIST } from '../number-list.ts';
import { each, problem, type Rule } from '../problem.ts';

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
      each(process?.env, (entry, index) =>
        entry.indexOf('=') > 0 ? undefined : problem(`/process/env/${index}`, entry, 'must have the form NAME=value'),
      ),
  },
  {
    name: 'rlimits have different types',
    reads: ['/process/rlimits'],
    check({ process }) {
      const first = new Map<string, number>();
      return each(process?.rlimits, ({ type }, index) => {
        if (!first.has(type)) first.set(type, index);
        const other = first.get(type);
        return other === index
          ? undefined
          : problem(`/process/rlimits/${index}/type`, type, `is in entry ${other} already`);
      });
    },
  },
  {
    name: 'soft limits are not above hard limits',
    reads: ['/process/rlimits'],
    check: ({ process }) => each(process?.rlimits, softAboveHard),
  },
  {
    name: 'execCPUAffinity has lists of CPUs',
    reads: ['/process/execCPUAffinity'],
    check: ({ process }) =>
      each(AFFINITIES, (name) => {
        const list = process?.execCPUAffinity?.[name];
        const isGood = list === undefined || isNumberList(list);
        return isGood ? undefined : problem(`/process/execCPUAffinity/${name}`, list, NUMBER_LIST);
      }),
  },
];

const AFFINITIES = ['initial', 'final'] as const;

function softAboveHard({ soft, hard }: Rlimit, index: number) {
  if (soft <= hard) return undefined;
  return problem(`/process/rlimits/${index}/soft`, soft, `must not be above hard, ${hard} (setrlimit(2))`);
}
