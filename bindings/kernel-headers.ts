// For tests only: the numbers in the kernel's own headers (Debian's linux-libc-dev), where they are installed.
import { existsSync, readFileSync } from 'node:fs';

/** The `#define`s of headers below /usr/include whose value is a plain number or one shifted number. */
export function definitions(headers: string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const header of headers.map((name) => `/usr/include/${name}`).filter((path) => existsSync(path))) {
    const text = readFileSync(header, 'utf8');
    for (const [, name = '', value = ''] of text.matchAll(
      /^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+([^/\n]+?)[ \t]*(?:\/\*.*)?$/gm,
    )) {
      const number = numberOf(value);
      if (number !== undefined && !found.has(name)) found.set(name, number);
    }
  }
  return found;
}

function numberOf(text: string): number | undefined {
  const plain = text.replace(/^\((.*)\)$/, '$1');
  const shifted = /^\(?([0-9]+)U?L?L?\)?\s*<<\s*(\d+)$/.exec(plain);
  if (shifted !== null) return Number(shifted[1]) * 2 ** Number(shifted[2]);
  if (!/^(0x[0-9a-f]+|-?\d+)(U|L|UL|ULL)?$/i.test(plain)) return undefined;
  const digits = plain.replace(/[UL]+$/i, '');
  return /^0\d/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
}
