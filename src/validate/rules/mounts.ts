// mounts (config.md, "Mounts", "POSIX-platform Mounts").
import type { Config, Mount } from '../../bundle/config.ts';
import type { ConfigProblem } from '../../errors.ts';
import { missing, namespaceOf, problem, type Rule } from '../problem.ts';
import { mappingProblems } from './id-mappings.ts';

export const mountRules: Rule[] = [
  {
    name: 'bind mounts have a source',
    reads: ['/mounts'],
    check: ({ mounts = [] }) =>
      mounts.flatMap((mount, index) => {
        const needsSource = isBind(mount) && !mount.options?.includes('remount') && (mount.source ?? '') === '';
        return needsSource ? missing(`/mounts/${index}/source`, 'is missing: a bind mount needs it') : [];
      }),
  },
  {
    name: 'uidMappings and gidMappings of a mount come together',
    reads: ['/mounts'],
    check: ({ mounts = [] }) => mounts.flatMap(incompleteMappings),
  },
  {
    name: 'id mappings of a mount are acceptable to the kernel',
    reads: ['/mounts'],
    check: ({ mounts = [] }) =>
      mounts.flatMap(({ uidMappings = [], gidMappings = [] }, index) => [
        ...mappingProblems(uidMappings, `/mounts/${index}/uidMappings`),
        ...mappingProblems(gidMappings, `/mounts/${index}/gidMappings`),
      ]),
  },
  {
    name: 'an id-mapped mount has mappings, its own or those of a user namespace',
    reads: ['/mounts', '/linux/namespaces'],
    check: (config) => (config.mounts ?? []).flatMap((mount, index) => idmapWithoutMappings(config, mount, index)),
  },
];

function isBind({ type, options = [] }: Mount): boolean {
  return type === 'bind' || options.includes('bind') || options.includes('rbind');
}

function incompleteMappings({ uidMappings = [], gidMappings = [] }: Mount, index: number): ConfigProblem[] {
  if ((uidMappings.length === 0) === (gidMappings.length === 0)) return [];
  const [absent, present] = uidMappings.length === 0 ? ['uidMappings', 'gidMappings'] : ['gidMappings', 'uidMappings'];
  return [missing(`/mounts/${index}/${absent}`, `must have an entry, because ${present} has`)];
}

function idmapWithoutMappings(
  config: Config,
  { options = [], uidMappings = [] }: Mount,
  index: number,
): ConfigProblem[] {
  const option = options.findIndex((name) => name === 'idmap' || name === 'ridmap');
  if (option < 0 || uidMappings.length > 0 || namespaceOf(config, 'user') !== undefined) return [];
  const rule = 'needs uidMappings and gidMappings, or a user namespace to take them from';
  return [problem(`/mounts/${index}/options/${option}`, options[option], rule)];
}

/** Warnings about mounts: what the specification deprecates or says one SHOULD do. */
export function mountWarnings({ mounts = [] }: Config): string[] {
  return mounts.flatMap(({ destination, options = [], uidMappings = [] }, index) => {
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
