// Calls the functions that src/validate/generate.ts writes, and tells what they find in words.
import type { ConfigProblem } from '../errors.ts';
import { withoutNulls } from './nulls.ts';
import { missing, problem } from './problem.ts';

/** What a generated function found: keyword and parameters are those of keywords.ts or ajv's own. */
export interface ShapeError {
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
}

/** Whether a value has the shape that a schema describes; if not, `errors` holds all that is wrong. */
export interface ShapeCheck {
  (value: unknown): boolean;
  errors?: ShapeError[] | null;
}

export interface Shape {
  /** The checked value, without optional properties that were null. */
  value: unknown;
  problems: ConfigProblem[];
}

/** Checks a value against one of the generated functions. */
export function checkShape(check: ShapeCheck, value: unknown): Shape {
  if (check(value)) return { value, problems: [] };
  const errors = check.errors ?? [];
  const hasNull = errors.some(({ instancePath }) => valueAt(value, instancePath) === null);
  if (!hasNull) return { value, problems: describe(errors, value) };
  const cleaned = withoutNulls(value);
  return { value: cleaned, problems: check(cleaned) ? [] : describe(check.errors ?? [], cleaned) };
}

function describe(errors: ShapeError[], root: unknown): ConfigProblem[] {
  return errors.flatMap((error) => {
    // ajv adds "the then branch failed" to the errors of that branch.
    if (error.keyword === 'if') return [];
    if (error.keyword === 'required') return missing(`${error.instancePath}/${error.params.missingProperty}`);
    const value = valueAt(root, error.instancePath);
    return problem(error.instancePath, value, RULES[error.keyword]?.(error.params, value) ?? `fails ${error.keyword}`);
  });
}

const RULES: Record<string, (params: Record<string, unknown>, value: unknown) => string> = {
  type: ({ type }) => TYPES[String(type)] ?? `must be of type ${type}`,
  integer: ({ range }) => `must be an integer from ${String(range).replace('..', ' to ')}`,
  text: ({ conditions }, value) => textRule(String(conditions), value),
  choice: ({ allowed }) => `must be one of: ${(allowed as string[]).join(', ')}`,
  minItems: () => 'must have at least one entry',
};

const TYPES: Record<string, string> = {
  object: 'must be an object',
  array: 'must be an array',
  boolean: 'must be true or false',
  'object,null': 'must be an object or null',
  'array,null': 'must be an array or null',
  'boolean,null': 'must be true, false or null',
};

function textRule(conditions: string, value: unknown): string {
  if (typeof value !== 'string') return 'must be a string';
  if (value.includes('\0') && conditions.includes('no NUL')) return 'must not contain a NUL byte';
  return value === '' && conditions.includes('not empty') ? 'must not be empty' : 'must be an absolute path';
}

function valueAt(root: unknown, pointer: string): unknown {
  const parts = pointer.split('/').slice(1);
  return parts.reduce<unknown>((value, part) => {
    return (value as Record<string, unknown>)[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }, root);
}
