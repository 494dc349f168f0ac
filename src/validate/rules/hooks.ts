// hooks (config.md, "POSIX-platform Hooks"). That their paths resolve is found out when they run.
import { type Config, HOOK_KINDS } from '../../bundle/config.ts';
import { each, problem, type Rule } from '../problem.ts';

export const hookRules: Rule[] = HOOK_KINDS.map((kind) => ({
  name: `${kind} hooks have absolute paths`,
  reads: [`/hooks/${kind}`],
  check: ({ hooks }) =>
    each(hooks?.[kind], ({ path }, index) =>
      path.startsWith('/') ? undefined : problem(`/hooks/${kind}/${index}/path`, path, 'must be an absolute path'),
    ),
}));

/** A warning for each environment entry that is none. For the container process it is an error, as in runc. */
export function hookWarnings({ hooks = {} }: Config): string[] {
  return each(HOOK_KINDS, (kind) =>
    each(hooks[kind], ({ env = [] }, index) =>
      each(env, (entry, at) =>
        entry.indexOf('=') > 0 ? undefined : `/hooks/${kind}/${index}/env/${at}: should have the form NAME=value`,
      ),
    ),
  );
}
