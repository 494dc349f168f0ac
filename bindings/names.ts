// File names and what links lead to are bytes. Those that aren't UTF-8 are kept as lone surrogates, U+DC80 to U+DCFF, and
// become the same bytes again, as in Python (PEP 383): the kernel gets back what it gave.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const ESCAPE = 0xdc00;

/** The bytes of a name as text. */
export function decodeName(bytes: Uint8Array): string {
  return decoded(bytes) ?? decodeDamaged(bytes);
}

/** A text as bytes, those of `decodeName` included. */
export function encodeName(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  return Uint8Array.from([...text].flatMap((character) => [...encodeCharacter(character)]));
}

function encodeCharacter(character: string): Iterable<number> {
  const byte = (character.codePointAt(0) ?? 0) - ESCAPE;
  return byte >= 0x80 && byte <= 0xff ? [byte] : encoder.encode(character);
}

function decodeDamaged(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const [character, length] = firstCharacter(bytes.subarray(at, at + 4));
    text += character;
    at += length;
  }
  return text;
}

function firstCharacter(bytes: Uint8Array): [character: string, length: number] {
  for (let length = 1; length <= bytes.length; length++) {
    const character = decoded(bytes.subarray(0, length));
    if (character !== undefined) return [character, length];
  }
  return [String.fromCharCode(ESCAPE + (bytes[0] ?? 0)), 1];
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}
