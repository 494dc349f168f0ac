// linux.namespaces and what depends on them (config-linux.md, "Namespaces", "Offset for Time Namespace").
import type { Config } from '../../bundle/config.ts';
import type { ConfigProblem } from '../../errors.ts';
import { isRootPath } from '../../plan/rootfs.ts';
import { each, missing, namespaceOf, needsNamespace, pointerPart, problem, type Rule } from '../problem.ts';

const NAMESPACES = '/linux/namespaces';

export const namespaceRules: Rule[] = [
  {
    name: 'each namespace type is there once',
    reads: [NAMESPACES],
    check({ linux }) {
      const first = new Map<string, number>();
      return each(linux?.namespaces, ({ type }, index) => {
        if (!first.has(type)) first.set(type, index);
        const other = first.get(type);
        return other === index
          ? undefined
          : problem(`${NAMESPACES}/${index}/type`, type, `is in entry ${other} already`);
      });
    },
  },
  {
    // "" too: it is what a template with an empty variable gives, and a new namespace is not what was meant then.
    name: 'namespace paths are absolute',
    reads: [NAMESPACES],
    check: ({ linux }) =>
      each(linux?.namespaces, ({ path }, index) =>
        path === undefined || path.startsWith('/')
          ? undefined
          : problem(`${NAMESPACES}/${index}/path`, path, 'must be an absolute path; leave it out for a new namespace'),
      ),
  },
  {
    // user_namespaces(7): its root has no rights over a mount namespace that it doesn't own.
    name: 'a user namespace needs a mount namespace',
    reads: [NAMESPACES],
    check(config) {
      if (namespaceOf(config, 'user') === undefined || namespaceOf(config, 'mount') !== undefined) return [];
      return [missing(NAMESPACES, 'must have an entry of type mount, because there is one of type user')];
    },
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

const MAX_NAME = 64;

// sethostname(2), setdomainname(2): __NEW_UTS_LEN bytes. The empty name counts as none, as it does for Go programs.
function utsName(config: Config, name: 'hostname' | 'domainname'): ConfigProblem[] {
  const value = config[name] ?? '';
  if (value === '') return [];
  const tooLong = isLonger(value, MAX_NAME) ? [problem(`/${name}`, value, 'must have at most 64 bytes')] : [];
  return [...tooLong, ...needsNamespace(config, 'uts', `/${name}`, value)];
}

// At most three bytes for each UTF-16 unit: most names need no counting.
function isLonger(text: string, bytes: number): boolean {
  return text.length * 3 > bytes && new TextEncoder().encode(text).length > bytes;
}

function restrictedPaths(config: Config, name: 'maskedPaths' | 'readonlyPaths'): ConfigProblem[] {
  const pointer = `/linux/${name}`;
  const paths = config.linux?.[name] ?? [];
  if (paths.length === 0) return [];
  const relative = each(paths, (path, index) =>
    path.startsWith('/')
      ? undefined
      : problem(`${pointer}/${index}`, path, 'must be an absolute path in the container'),
  );
  const hidden = each(name === 'maskedPaths' ? paths : [], (path, index) =>
    path.startsWith('/') && isRootPath(path)
      ? problem(`${pointer}/${index}`, path, 'must not be the root directory: nothing would be left')
      : undefined,
  );
  return [...relative, ...hidden, ...needsNamespace(config, 'mount', pointer, paths)];
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
