// Reads the formats of the kernel's cgroup files (cgroup-v2.rst, "Format"). Numbers stay exact.

/** Gives a file's text without the line feed at its end; undefined if there's no such file. */
export type ReadFile = (file: string) => string | undefined;

/** Numbers of JSON: exact up to 2^53, beyond that as they are written. */
export type Exact = number | object;

const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

/** A number as it's written; 0 for anything else. */
export function exact(text: string | undefined): Exact {
  if (text === undefined || !/^-?\d+$/.test(text)) return 0;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : rawJSON(text);
}

/** The number times a factor. */
export function times(text: string | undefined, factor: bigint): Exact {
  return text === undefined || !/^\d+$/.test(text) ? 0 : exact(String(BigInt(text) * factor));
}

/** Flat keyed files: `KEY VALUE` in each line. */
export function flatKeyed(text: string | undefined): Map<string, string> {
  const pairs = (text ?? '').split('\n').map((line) => line.split(' '));
  return new Map(pairs.flatMap(([key, value]) => (key && value !== undefined ? [[key, value] as const] : [])));
}

/** Lists of numbers and ranges, `0-2,7`. */
export function numberList(text: string | undefined): number[] {
  const ranges = (text ?? '').split(',').filter((part) => part !== '');
  return ranges.flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** Leaves out what Go's `omitempty` leaves out: 0, empty lists and objects, what is not there. */
export function omitEmpty<T extends object>(value: T): Partial<T> {
  const isEmpty = (part: unknown) => part === 0 || part === undefined || (Array.isArray(part) && part.length === 0);
  return Object.fromEntries(Object.entries(value).filter(([, part]) => !isEmpty(part))) as Partial<T>;
}
