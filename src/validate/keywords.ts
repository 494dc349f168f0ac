// How the leaves of the schemas are compiled: integers, strings and enums. Used by the build step only.
import {
  _,
  type Code,
  type CodeGen,
  type CodeKeywordDefinition,
  type KeywordCxt,
  type Name,
  nil,
  stringify,
} from 'ajv';
import { _Code } from 'ajv/dist/compile/codegen/code.js';

/**
 * A schema with its leaves replaced by the keywords below. JSON Schema's own would not do: ajv refuses bigint for
 * "integer", rounds bounds beyond 2^53, and spends several checks and a regular expression on a string without NUL.
 */
export function specialize(schema: unknown): object {
  return special(schema) as object;
}

function special(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(special);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { description: _description, title: _title, ...rest } = schema as Record<string, unknown>;
  if (rest.type === 'integer') return integer(rest);
  if (rest.type === 'string') return text(rest);
  if (Array.isArray(rest.enum)) return choice(rest);
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, special(value)]));
}

function integer({ type: _type, minimum, maximum, ...others }: Record<string, unknown>): object {
  requireNone(others);
  if (minimum === undefined || maximum === undefined) throw new Error('an integer needs minimum and maximum');
  return { integer: `${minimum}..${maximum}` };
}

const PATTERNS: Record<string, string> = { '^[^\\u0000]*$': 'no NUL', '^/[^\\u0000]*$': 'no NUL, absolute' };

function text({ type: _type, pattern, minLength, ...others }: Record<string, unknown>): object {
  requireNone(others);
  const words = pattern === undefined ? '' : PATTERNS[String(pattern)];
  if (words === undefined) throw new Error(`the build step cannot compile the pattern ${pattern}`);
  if (minLength !== undefined && minLength !== 1)
    throw new Error(`the build step cannot compile minLength ${minLength}`);
  return { text: minLength === 1 ? `${words}, not empty` : words };
}

function choice({ enum: values, ...others }: Record<string, unknown>): object {
  requireNone(others);
  return { choice: values };
}

function requireNone(others: object): void {
  const [keyword] = Object.keys(others);
  if (keyword !== undefined) throw new Error(`the build step cannot compile ${keyword} of an integer, string or enum`);
}

/** `integer: "minimum..maximum"`, exact to 64 bits. */
const integerKeyword: CodeKeywordDefinition = {
  keyword: 'integer',
  schemaType: 'string',
  error: { message: '', params: ({ schema }) => _`{range:${schema}}` },
  code(cxt: KeywordCxt) {
    const { data, schema } = cxt;
    const [minimum = 0n, maximum = 0n] = String(schema).split('..').map(BigInt);
    // parseJson gives bigints only beyond 2^53, so that narrower ranges need not look for them. Comparing a number
    // with a bigint literal is exact.
    const isInteger = isSafe(minimum) && isSafe(maximum) ? nil : _` || typeof ${data} == "bigint"`;
    const range = _`${data} >= ${literal(minimum)} && ${data} <= ${literal(maximum)}`;
    cxt.pass(_`(Number.isInteger(${data})${isInteger}) && ${range}`);
  },
};

const isSafe = (bound: bigint): boolean => Number.isSafeInteger(Number(bound));
const literal = (bound: bigint): Code => new _Code(isSafe(bound) ? `${bound}` : `${bound}n`);

/** `text: "no NUL, absolute, not empty"`: a string, and any of these conditions. */
const textKeyword: CodeKeywordDefinition = {
  keyword: 'text',
  schemaType: 'string',
  error: { message: '', params: ({ schema }) => _`{conditions:${schema}}` },
  code(cxt: KeywordCxt) {
    const { data, schema } = cxt;
    const nul = schema.includes('no NUL') ? _` && !${data}.includes("\\0")` : nil;
    const empty = schema.includes('not empty') ? _` && ${data} !== ""` : nil;
    const absolute = schema.includes('absolute') ? _` && ${data}[0] === "/"` : nil;
    cxt.pass(_`typeof ${data} == "string"${nul}${empty}${absolute}`);
  },
};

/** `choice: [...]`: one of these strings. ajv's enum would put the whole schema into the code, for its error. */
const choiceKeyword: CodeKeywordDefinition = {
  keyword: 'choice',
  schemaType: 'array',
  error: { message: '', params: (cxt) => _`{allowed:${choices(cxt)}}` },
  code(cxt: KeywordCxt) {
    cxt.pass(_`${choices(cxt)}.includes(${cxt.data})`);
  },
};

// A constant of the generated module, the same for the same strings.
function choices({ gen, schema }: { gen: CodeGen; schema: string[] }): Name {
  return gen.scopeValue('obj', { ref: schema, key: schema.join(), code: stringify(schema) });
}

export const KEYWORDS = [integerKeyword, textKeyword, choiceKeyword];
