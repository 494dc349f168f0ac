// The text of one option's value becomes a typed value, by the rules of Go's flag package as runc has them.
import type { OptionSpec, OptionValue } from './command-spec.ts';

export type Values = Record<string, OptionValue>;

const trueWords = ['true', '1', 't', 'T', 'TRUE', 'True'];
const falseWords = ['false', '0', 'f', 'F', 'FALSE', 'False'];

/** What the options are when none is given. */
export function defaultValues(options: Readonly<Record<string, OptionSpec>>): Values {
  const values: Values = {};
  for (const name in options) {
    const spec = options[name];
    if (spec?.type === 'flag') values[name] = false;
    else if (spec?.type === 'string-list') values[name] = [];
    else if (spec?.default !== undefined) values[name] = spec.default;
  }
  return values;
}

/** The value as the option's type wants it (an item of it for a list); undefined when it isn't acceptable. */
export function readValue(spec: OptionSpec, text: string): boolean | number | string | undefined {
  if (spec.type === 'flag') return readFlag(text);
  if (spec.type === 'integer') return readInteger(spec, text);
  const isRefused = (text === '' && spec.refusesEmpty) || spec.choices?.includes(text) === false;
  return isRefused ? undefined : text;
}

/** What `readValue` takes, for an error message. */
export function acceptableValues(spec: OptionSpec): string {
  if (spec.type === 'flag') return 'true or false';
  if (spec.choices !== undefined) return spec.choices.join(', ').replace(/, (?=[^,]*$)/, ' or ');
  if (spec.type !== 'integer') return 'allowed';
  const { min, max } = integerBounds(spec);
  return `a whole number from ${min} to ${max}`;
}

function readFlag(text: string): boolean | undefined {
  return trueWords.includes(text) || (falseWords.includes(text) ? false : undefined);
}

function readInteger(spec: OptionSpec, text: string): number | undefined {
  const value = integerOf(text);
  const { min, max } = integerBounds(spec);
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

function integerOf(text: string): number | undefined {
  const decimal = Number(text);
  // The usual spelling goes without the regular expression, whose first use costs 60 microseconds.
  if (String(decimal) === text) return Number.isInteger(decimal) ? decimal : undefined;
  const match = /^([+-]?)(0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9]\d*)$/.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = ''] = match;
  // Go reads 010 as octal, which JavaScript writes 0o10.
  const magnitude = Number(digits.replace(/^0(?=[0-7])/, '0o'));
  return sign === '-' ? 0 - magnitude : magnitude;
}

function integerBounds({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: OptionSpec): {
  min: number;
  max: number;
} {
  return { min, max };
}
