// The smaller parts of linux: intelRdt, memoryPolicy, personality; and annotations.
import type { Config, IntelRdt, Linux } from '../../bundle/config.ts';
import type { ConfigProblem } from '../../errors.ts';
import { isEmptyList, isNumberList, NUMBER_LIST } from '../number-list.ts';
import { each, missing, problem, type Rule } from '../problem.ts';

const RDT = '/linux/intelRdt';
const POLICY = '/linux/memoryPolicy';

export const platformRules: Rule[] = [
  {
    name: 'closID is the name of one folder, or / for the default',
    reads: [RDT],
    check({ linux }) {
      const id = linux?.intelRdt?.closID;
      const isGood = id === undefined || id === '/' || (/^[^/\n]+$/.test(id) && !NOT_GROUPS.includes(id));
      return isGood
        ? []
        : [problem(`${RDT}/closID`, id, 'must be the name of a resctrl group, or "/" for the default one')];
    },
  },
  {
    name: 'the schemata of resctrl are single lines',
    reads: [RDT],
    check: ({ linux }) => schemata(linux?.intelRdt ?? {}),
  },
  {
    name: 'memory policies have the nodes that their mode needs',
    reads: [POLICY],
    check: ({ linux }) => (linux?.memoryPolicy === undefined ? [] : memoryPolicy(linux.memoryPolicy)),
  },
  {
    name: 'personality has no flags',
    reads: ['/linux/personality'],
    check({ linux }) {
      const { flags = [] } = linux?.personality ?? {};
      return flags.length === 0
        ? []
        : [problem('/linux/personality/flags', flags, 'must be empty: no flag is supported')];
    },
  },
  {
    name: 'annotation keys are not empty',
    reads: ['/annotations'],
    check: ({ annotations = {} }) =>
      '' in annotations ? [problem('/annotations/', annotations[''], 'must not have an empty key')] : [],
  },
];

// Folders of a resctrl file system that are none of its groups (Documentation/filesystems/resctrl.rst).
const NOT_GROUPS = ['.', '..', 'info', 'mon_data', 'mon_groups'];

function schemata({ memBwSchema, schemata = [] }: IntelRdt): ConfigProblem[] {
  const problems = each(schemata, (line, index) =>
    line.includes('\n') ? problem(`${RDT}/schemata/${index}`, line, 'must not contain line breaks') : [],
  );
  if (memBwSchema === undefined || /^MB:[^\n]*$/.test(memBwSchema)) return problems;
  return [...problems, problem(`${RDT}/memBwSchema`, memBwSchema, 'must start with MB: and be one line')];
}

/** A warning for an l3CacheSchema that is not as it SHOULD be. */
export function cacheSchemaWarnings({ linux }: Config): string[] {
  const schema = linux?.intelRdt?.l3CacheSchema ?? '';
  const isGood = schema === '' || /^L3:[^\n]*$/.test(schema);
  return isGood ? [] : [`${RDT}/l3CacheSchema: should start with L3: and be one line`];
}

const NODES: Record<string, 'none' | 'some'> = {
  MPOL_DEFAULT: 'none',
  MPOL_LOCAL: 'none',
  MPOL_BIND: 'some',
  MPOL_INTERLEAVE: 'some',
  MPOL_WEIGHTED_INTERLEAVE: 'some',
  MPOL_PREFERRED_MANY: 'some',
};
const STATIC = 'MPOL_F_STATIC_NODES';
const RELATIVE = 'MPOL_F_RELATIVE_NODES';
const BALANCING = 'MPOL_F_NUMA_BALANCING';

// What set_mempolicy(2) answers with EINVAL. MPOL_PREFERRED takes nodes or none, which then means local.
function memoryPolicy({ mode, nodes, flags = [] }: NonNullable<Linux['memoryPolicy']>): ConfigProblem[] {
  const problems = [];
  const isEmpty = isEmptyList(nodes);
  if (nodes !== undefined && !isNumberList(nodes)) problems.push(problem(`${POLICY}/nodes`, nodes, NUMBER_LIST));
  if (NODES[mode] === 'some' && isEmpty) problems.push(missing(`${POLICY}/nodes`, `must name a node for ${mode}`));
  if (NODES[mode] === 'none' && !isEmpty) problems.push(problem(`${POLICY}/nodes`, nodes, `must be empty for ${mode}`));
  if (flags.includes(STATIC) && flags.includes(RELATIVE)) {
    problems.push(problem(`${POLICY}/flags`, flags, `must not have both ${STATIC} and ${RELATIVE}`));
  } else if (isEmpty && (flags.includes(STATIC) || flags.includes(RELATIVE))) {
    problems.push(problem(`${POLICY}/flags`, flags, 'must not say how to take nodes, because there are none'));
  }
  if (flags.includes(BALANCING) && mode !== 'MPOL_BIND' && mode !== 'MPOL_PREFERRED_MANY') {
    problems.push(
      problem(`${POLICY}/flags`, flags, `must have ${BALANCING} only with MPOL_BIND or MPOL_PREFERRED_MANY`),
    );
  }
  return problems;
}
