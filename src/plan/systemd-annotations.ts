// Annotations org.systemd.property.NAME, as runc and crun know them: properties of the scope, with values in the text
// format of GVariant (gvariant-format-strings, "GVariant Text Format"), as far as properties need it.
import { ConfigError, shorten } from '../errors.ts';

type Value = string | number | bigint | boolean | Value[];

/** A property's name, and the D-Bus signature and value of it. */
export type UnitProperty = [name: string, value: [signature: string, value: Value]];

/** What the keys of such annotations begin with. */
export const PROPERTY_PREFIX = 'org.systemd.property.';

/**
 * The properties that annotations ask for.
 * @throws ConfigError that names the annotation
 */
export function unitProperties(annotations: Record<string, string>): UnitProperty[] {
  return Object.entries(annotations).flatMap(([key, text]): UnitProperty[] => {
    if (!key.startsWith(PROPERTY_PREFIX)) return [];
    const name = key.slice(PROPERTY_PREFIX.length);
    if (!/^[A-Z][A-Za-z]+$/.test(name)) refuse(key, name, 'must be the name of a property');
    const parsed = parse(text.trim()) ?? refuse(key, text, 'must be a value as GVariant writes it, such as uint64 5');
    return [inMicroseconds(name, parsed) ?? [name, parsed]];
  });
}

function refuse(key: string, value: string, rule: string): never {
  const pointer = `/annotations/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  throw new ConfigError([{ pointer, value: JSON.stringify(shorten(value)), rule }]);
}

// systemd.unit(5) has names like TimeoutStopSec, D-Bus has TimeoutStopUSec.
function inMicroseconds(name: string, [, value]: [string, Value]): UnitProperty | undefined {
  if (!/[^U]Sec$/.test(name) || !(typeof value === 'number' || typeof value === 'bigint')) return undefined;
  const usec = typeof value === 'bigint' ? value * 1_000_000n : BigInt(Math.round(value * 1_000_000));
  return [name.replace(/Sec$/, 'USec'), ['t', usec]];
}

const TYPES: Record<string, string> = {
  byte: 'y',
  int32: 'i',
  uint32: 'u',
  int64: 'x',
  uint64: 't',
  double: 'd',
};

function parse(text: string): [string, Value] | undefined {
  if (text === 'true' || text === 'false') return ['b', text === 'true'];
  const [, type = '', number] = /^(?:([a-z]+\d*) +)?(-?(?:0x[\da-f]+|\d+(?:\.\d*)?))$/i.exec(text) ?? [];
  if (number !== undefined) return parseNumber(type, number);
  const [, single, double] = /^(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")$/.exec(text) ?? [];
  const quoted = single ?? double;
  if (quoted !== undefined) return ['s', quoted.replace(/\\(.)/g, '$1')];
  const list = /^\[(.*)\]$/s.exec(text)?.[1];
  return list === undefined ? undefined : parseArray(list);
}

function parseNumber(type: string, number: string): [string, Value] | undefined {
  if (number.includes('.')) return type === '' || type === 'double' ? ['d', Number(number)] : undefined;
  const signature = type === '' ? 'i' : TYPES[type];
  if (signature === undefined) return undefined;
  return [signature, signature === 'd' ? Number(number) : BigInt(number)];
}

// Elements have the type of the first.
function parseArray(list: string): [string, Value] | undefined {
  const elements = list.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,\s][^,]*/g) ?? [];
  const values = elements.map((element) => parse(element.trim()));
  const type = values[0]?.[0];
  if (type === undefined) return undefined;
  const members = values.map((value) => value?.[1]);
  return members.some((member) => member === undefined) ? undefined : [`a${type}`, members as Value[]];
}
