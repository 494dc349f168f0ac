// The shape of a container's state: schemas/state.schema.json (runtime.md, "State").
import type { ConfigProblem } from '../errors.ts';
import { checkShape } from './shape.ts';
import { isState } from './state.generated.js';

/** Everything in a state, as `state` prints it, that is not as the specification says. */
export function stateProblems(value: unknown): ConfigProblem[] {
  return checkShape(isState, value).problems;
}
