// The interface of the functions that src/validate/generate.ts writes.

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
