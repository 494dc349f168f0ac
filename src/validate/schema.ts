// The shape of a config: schemas/config.schema.json and those that it refers to.
import type { ConfigProblem } from '../errors.ts';
import { isConfig, isProcess, isResources } from './config.generated.js';
import { checkShape, type Shape } from './shape.ts';

/** Everything in a config that has the wrong type, range or name, or is missing. */
export function schemaProblems(value: unknown): ConfigProblem[] {
  return configShape(value).problems;
}

/** The same, with the config itself. */
export function configShape(value: unknown): Shape {
  return checkShape(isConfig, value);
}

/** A process object by itself. */
export function processShape(value: unknown): Shape {
  return checkShape(isProcess, value);
}

/** A resources object by itself. */
export function resourcesShape(value: unknown): Shape {
  return checkShape(isResources, value);
}
