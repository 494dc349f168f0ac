// Properties of the specification that this version does not cover. Asking for one is an error at create, never
// silently ignored (docs/compatibility.md lists them).
import type { Config } from '../bundle/config.ts';
import type { ConfigProblem } from '../errors.ts';

type Check = [pointer: string, isAsked: (config: Config) => boolean];

const CHECKS: Check[] = [['/process/terminal', ({ process }) => process?.terminal === true]];

/** One problem for each property that is set in the config and not covered yet. */
export function notYetProblems(config: Config): ConfigProblem[] {
  const pointers = CHECKS.filter(([, isAsked]) => isAsked(config)).map(([pointer]) => pointer);
  return pointers.map((pointer) => ({ pointer, rule: 'is not supported yet by this version of runts' }));
}
