// The shape of what `features` prints: schemas/features.schema.json (features.md, features-linux.md).
import type { ConfigProblem } from '../errors.ts';
import { isFeatures } from './features.generated.js';
import { checkShape } from './shape.ts';

/** Everything in a features document that is not as the specification says. Null is good but for the versions. */
export function featuresProblems(value: unknown): ConfigProblem[] {
  return checkShape(isFeatures, value).problems;
}
