// mounts (config.md, "Mounts", "POSIX-platform Mounts").
import type { Config, Mount } from '../../bundle/config.ts';
import type { ConfigProblem } from '../../errors.ts';
import { isRootPath } from '../../plan/rootfs.ts';
import { each, missing, namespaceOf, problem, type Rule } from '../problem.ts';
import { mappingProblems } from './id-mappings.ts';

export const mountRules: Rule[] = [
  {
    name: 'bind mounts have a source',
    reads: ['/mounts'],
    check: ({ mounts }) => each(mounts, missingSource),
  },
  {
    name: 'nothing is mounted over the root directory: what is in there already could not be seen any more',
    reads: ['/mounts'],
    check: ({ mounts }) => each(mounts, overRoot),
  },
  {
    name: 'uidMappings and gidMappings of a mount come together',
    reads: ['/mounts'],
    check: ({ mounts }) => each(mounts, incompleteMappings),
  },
  {
    name: 'id mappings of a mount are acceptable to the kernel',
    reads: ['/mounts'],
    check: ({ mounts }) =>
      each(mounts, ({ uidMappings = [], gidMappings = [] }, index) =>
        uidMappings.length + gidMappings.length === 0
          ? undefined
          : [
              ...mappingProblems(uidMappings, `/mounts/${index}/uidMappings`),
              ...mappingProblems(gidMappings, `/mounts/${index}/gidMappings`),
            ],
      ),
  },
  {
    name: 'an id-mapped mount has mappings, its own or those of a user namespace',
    reads: ['/mounts', '/linux/namespaces'],
    check: (config) => (namespaceOf(config, 'user') === undefined ? each(config.mounts, idmapWithoutMappings) : []),
  },
];

function missingSource({ type, source = '', options = [] }: Mount, index: number): ConfigProblem | undefined {
  const isBind = type === 'bind' || options.includes('bind') || options.includes('rbind');
  if (!isBind || source !== '' || options.includes('remount')) return undefined;
  return missing(`/mounts/${index}/source`, 'is missing: a bind mount needs it');
}

function overRoot({ destination, options = [] }: Mount, index: number): ConfigProblem | undefined {
  if (!isRootPath(`/${destination}`) || options.includes('remount')) return undefined;
  return problem(`/mounts/${index}/destination`, destination, 'must not be the root directory: that is root.path');
}

function incompleteMappings({ uidMappings = [], gidMappings = [] }: Mount, index: number): ConfigProblem | undefined {
  if ((uidMappings.length === 0) === (gidMappings.length === 0)) return undefined;
  const [absent, present] = uidMappings.length === 0 ? ['uidMappings', 'gidMappings'] : ['gidMappings', 'uidMappings'];
  return missing(`/mounts/${index}/${absent}`, `must have an entry, because ${present} has`);
}

function idmapWithoutMappings({ options = [], uidMappings = [] }: Mount, index: number): ConfigProblem | undefined {
  const option = options.includes('idmap') ? 'idmap' : 'ridmap';
  const at = options.indexOf(option);
  if (at < 0 || uidMappings.length > 0) return undefined;
  const rule = 'needs uidMappings and gidMappings, or a user namespace to take them from';
  return problem(`/mounts/${index}/options/${at}`, option, rule);
}

/** Warnings about mounts: what the specification deprecates or says one SHOULD do. */
export function mountWarnings({ mounts = [] }: Config): string[] {
  return each(mounts, ({ destination, options = [], uidMappings = [] }, index) => {
    const warnings = [];
    if (!destination.startsWith('/')) {
      warnings.push(
        `/mounts/${index}/destination: ${destination} is relative, which is deprecated; taken as /${destination}`,
      );
    }
    if (uidMappings.length > 0 && !options.includes('idmap') && !options.includes('ridmap')) {
      warnings.push(`/mounts/${index}/options: should have idmap or ridmap, because there are uidMappings`);
    }
    return warnings;
  });
}
