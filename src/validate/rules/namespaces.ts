// linux.namespaces and what depends on them (config-linux.md, "Namespaces", "Offset for Time Namespace").
import type { Config } from '../../bundle/config.ts';
import type { ConfigProblem } from '../../errors.ts';
import { namespaceOf, needsNamespace, pointerPart, problem, type Rule } from '../problem.ts';

const NAMESPACES = '/linux/namespaces';

export const namespaceRules: Rule[] = [
  {
    name: 'each namespace type is there once',
    reads: [NAMESPACES],
    check({ linux }) {
      const types = (linux?.namespaces ?? []).map(({ type }) => type);
      return types.flatMap((type, index) => {
        const first = types.indexOf(type);
        return first === index ? [] : problem(`${NAMESPACES}/${index}/type`, type, `is in entry ${first} already`);
      });
    },
  },
  {
    // "" too: it is what a template with an empty variable gives, and a new namespace is not what was meant then.
    name: 'namespace paths are absolute',
    reads: [NAMESPACES],
    check: ({ linux }) =>
      (linux?.namespaces ?? []).flatMap(({ path }, index) =>
        path === undefined || path.startsWith('/')
          ? []
          : problem(`${NAMESPACES}/${index}/path`, path, 'must be an absolute path; leave it out for a new namespace'),
      ),
  },
  ...(['hostname', 'domainname'] as const).map(
    (name): Rule => ({
      name: `${name} has at most 64 bytes and needs a uts namespace`,
      reads: [`/${name}`, NAMESPACES],
      check: (config) => utsName(config, name),
    }),
  ),
  ...(['maskedPaths', 'readonlyPaths'] as const).map(
    (name): Rule => ({
      name: `${name} are absolute and need a mount namespace`,
      reads: [`/linux/${name}`, NAMESPACES],
      check: (config) => restrictedPaths(config, name),
    }),
  ),
  {
    name: 'timeOffsets are of known clocks and need a new time namespace',
    reads: ['/linux/timeOffsets', NAMESPACES],
    check: timeOffsets,
  },
];

// sethostname(2), setdomainname(2): __NEW_UTS_LEN. The empty name counts as none, as it does for Go programs.
function utsName(config: Config, name: 'hostname' | 'domainname'): ConfigProblem[] {
  const value = config[name] ?? '';
  if (value === '') return [];
  const tooLong = Buffer.byteLength(value) > 64 ? [problem(`/${name}`, value, 'must have at most 64 bytes')] : [];
  return [...tooLong, ...needsNamespace(config, 'uts', `/${name}`, value)];
}

function restrictedPaths(config: Config, name: 'maskedPaths' | 'readonlyPaths'): ConfigProblem[] {
  const pointer = `/linux/${name}`;
  const paths = config.linux?.[name] ?? [];
  if (paths.length === 0) return [];
  const relative = paths.flatMap((path, index) =>
    path.startsWith('/') ? [] : problem(`${pointer}/${index}`, path, 'must be an absolute path in the container'),
  );
  return [...relative, ...needsNamespace(config, 'mount', pointer, paths)];
}

// time_namespaces(7): two clocks, and offsets only until the first process enters the namespace.
function timeOffsets(config: Config): ConfigProblem[] {
  const offsets = config.linux?.timeOffsets ?? {};
  const clocks = Object.keys(offsets);
  if (clocks.length === 0) return [];
  const unknown = clocks
    .filter((clock) => clock !== 'monotonic' && clock !== 'boottime')
    .map((clock) =>
      problem(`/linux/timeOffsets/${pointerPart(clock)}`, offsets[clock], 'must be for monotonic or boottime'),
    );
  const time = namespaceOf(config, 'time');
  if (time !== undefined && time.path === undefined) return unknown;
  return [...unknown, problem('/linux/timeOffsets', offsets, 'needs a new time namespace in /linux/namespaces')];
}
