// User namespace mappings (config-linux.md, "User namespace mappings"; user_namespaces(7)) and ids that they must hold.
import type { Config, IdMapping } from '../../bundle/config.ts';
import type { ConfigProblem } from '../../errors.ts';
import { each, missing, namespaceOf, needsNamespace, problem, type Rule } from '../problem.ts';

const KINDS = ['uidMappings', 'gidMappings'] as const;
const MAX_ENTRIES = 340;
// The last id, 4294967295, means "no id" and cannot be mapped.
const END_OF_IDS = 0xffff_ffff;

export const idMappingRules: Rule[] = [
  {
    name: 'id mappings go with a user namespace, and a new one has both',
    reads: ['/linux/namespaces', ...KINDS.map((kind) => `/linux/${kind}`)],
    check: (config) => each(KINDS, (kind) => mappingsAndNamespace(config, kind)),
  },
  {
    name: 'id mappings are acceptable to the kernel',
    reads: KINDS.map((kind) => `/linux/${kind}`),
    check: ({ linux }) => each(KINDS, (kind) => mappingProblems(linux?.[kind] ?? [], `/linux/${kind}`)),
  },
  {
    name: 'the ids of the process are mapped',
    reads: ['/process/user', '/linux/namespaces', ...KINDS.map((kind) => `/linux/${kind}`)],
    check: userProblems,
  },
];

function mappingsAndNamespace(config: Config, kind: (typeof KINDS)[number]): ConfigProblem[] {
  const mappings = config.linux?.[kind] ?? [];
  const user = namespaceOf(config, 'user');
  if (mappings.length > 0) return needsNamespace(config, 'user', `/linux/${kind}`, mappings);
  // A joined namespace has its mappings already.
  if (user === undefined || user.path !== undefined) return [];
  return [missing(`/linux/${kind}`, 'must have an entry, because /linux/namespaces has a new user namespace')];
}

/** What the kernel would refuse when these mappings are written to /proc/pid/uid_map. */
export function mappingProblems(mappings: IdMapping[], pointer: string): ConfigProblem[] {
  if (mappings.length === 0) return [];
  const problems = each(mappings, (mapping, index) => rangeProblems(mapping, `${pointer}/${index}`));
  if (mappings.length > MAX_ENTRIES) {
    problems.push(problem(pointer, mappings, `must have at most ${MAX_ENTRIES} entries (user_namespaces(7))`));
  }
  for (const side of ['containerID', 'hostID'] as const) problems.push(...overlaps(mappings, side, pointer));
  return problems;
}

function rangeProblems({ containerID, hostID, size }: IdMapping, pointer: string): ConfigProblem[] {
  if (size === 0) return [problem(`${pointer}/size`, size, 'must be at least 1')];
  const first = Math.max(containerID, hostID);
  if (first + size <= END_OF_IDS) return [];
  return [
    problem(`${pointer}/size`, size, `is too large: from ${first} it goes beyond the last id, ${END_OF_IDS - 1}`),
  ];
}

function overlaps(mappings: IdMapping[], side: 'containerID' | 'hostID', pointer: string): ConfigProblem[] {
  const sorted = mappings.map((mapping, index) => ({ first: mapping[side], size: mapping.size, index }));
  sorted.sort((a, b) => a.first - b.first || a.index - b.index);
  return each(sorted, ({ first, index }, at) => {
    const before = sorted[at - 1];
    if (before === undefined || before.first + before.size <= first) return [];
    return problem(`${pointer}/${index}/${side}`, first, `is in the range of entry ${before.index} already`);
  });
}

// setresuid(2) refuses ids that the user namespace does not have. Mappings of a joined one are not known here.
function userProblems(config: Config): ConfigProblem[] {
  const { process, linux } = config;
  const namespace = namespaceOf(config, 'user');
  if (process === undefined || namespace === undefined || namespace.path !== undefined) return [];
  const { uid = 0, gid = 0, additionalGids = [] } = process.user ?? {};
  const uids: [string, number][] = [['/process/user/uid', uid]];
  const gids: [string, number][] = [['/process/user/gid', gid]];
  additionalGids.forEach((id, index) => {
    gids.push([`/process/user/additionalGids/${index}`, id]);
  });
  return [...unmapped(uids, linux?.uidMappings, 'uidMappings'), ...unmapped(gids, linux?.gidMappings, 'gidMappings')];
}

function unmapped(ids: [string, number][], mappings: IdMapping[] = [], kind: string): ConfigProblem[] {
  if (mappings.length === 0) return [];
  return ids
    .filter(([, id]) => !mappings.some(({ containerID, size }) => id >= containerID && id < containerID + size))
    .map(([pointer, id]) => problem(pointer, id, `must be a container id of /linux/${kind}`));
}
