// hooks (config.md, "POSIX-platform Hooks"). That their paths resolve is found out when they run.
import { type Config, HOOK_KINDS } from '../../bundle/config.ts';
import { problem, type Rule } from '../problem.ts';

export const hookRules: Rule[] = HOOK_KINDS.map((kind) => ({
  name: `${kind} hooks have absolute paths`,
  reads: [`/hooks/${kind}`],
  check: ({ hooks }) =>
    (hooks?.[kind] ?? []).flatMap(({ path }, index) =>
      path.startsWith('/') ? [] : problem(`/hooks/${kind}/${index}/path`, path, 'must be an absolute path'),
    ),
}));

/** A warning for each environment entry that is none. For the container process it is an error, as in runc. */
export function hookWarnings({ hooks = {} }: Config): string[] {
  return HOOK_KINDS.flatMap((kind) =>
    (hooks[kind] ?? []).flatMap(({ env = [] }, index) =>
      env.some((entry) => entry.indexOf('=') < 1)
        ? `/hooks/${kind}/${index}/env: has an entry that does not have the form NAME=value`
        : [],
    ),
  );
}
