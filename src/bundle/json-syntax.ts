// Finds what is wrong with a JSON text. Slow and exact: runs only when JSON.parse failed or a duplicate is suspected.

/** What is wrong, and where: an offset in UTF-16 units. */
export interface Fault {
  offset: number;
  reason: string;
}

/** How deeply objects and arrays may be nested. A config needs about ten levels. */
export const MAX_DEPTH = 128;

/** The first fault of a JSON text (RFC 8259), counting duplicate keys and too deep nesting as faults. */
export function findFault(text: string): Fault | undefined {
  try {
    new Scanner(text).document();
    return undefined;
  } catch (error) {
    if (error instanceof FoundFault) return error.fault;
    throw error;
  }
}

class FoundFault extends Error {
  constructor(readonly fault: Fault) {
    super(fault.reason);
  }
}

class Scanner {
  private at = 0;
  /** Keys and indexes from the root to where the scanner is. */
  private readonly path: (string | number)[] = [];

  constructor(private readonly text: string) {}

  document(): void {
    this.value();
    this.skipSpace();
    if (this.at < this.text.length) this.expected('the end of the file');
  }

  private value(): void {
    this.skipSpace();
    const start = this.text[this.at];
    if (start === '{') this.object();
    else if (start === '[') this.array();
    else if (start === '"') this.string();
    else if (!this.takeToken()) this.expected('a value');
  }

  private object(): void {
    this.enter();
    const seen = new Set<string>();
    if (this.takeChar('}')) return;
    do {
      this.skipSpace();
      const offset = this.at;
      if (this.text[offset] !== '"') this.expected(seen.size === 0 ? 'a key in quotes or "}"' : 'a key in quotes');
      const key = this.string();
      this.path.push(key);
      if (seen.has(key)) this.fail(offset, `duplicate key: ${this.pointer()} is there already`);
      seen.add(key);
      if (!this.takeChar(':')) this.expected('":"');
      this.value();
      this.path.pop();
    } while (this.takeChar(','));
    if (!this.takeChar('}')) this.expected('"," or "}"');
  }

  private array(): void {
    this.enter();
    if (this.takeChar(']')) return;
    let index = 0;
    do {
      this.path.push(index++);
      this.value();
      this.path.pop();
    } while (this.takeChar(','));
    if (!this.takeChar(']')) this.expected('"," or "]"');
  }

  private enter(): void {
    if (this.path.length >= MAX_DEPTH) this.fail(this.at, `nested more than ${MAX_DEPTH} levels deep`);
    this.at++;
  }

  private string(): string {
    const start = this.at++;
    for (;;) {
      STRING_SPECIAL.lastIndex = this.at;
      const special = STRING_SPECIAL.exec(this.text);
      if (special === null) this.fail(start, 'this string has no closing quote');
      this.at = special.index;
      if (special[0] === '"') break;
      if (special[0] !== '\\') this.fail(this.at, `${show(special[0])} in a string must be written as an escape`);
      this.escape();
    }
    this.at++;
    return JSON.parse(this.text.slice(start, this.at)) as string;
  }

  private escape(): void {
    ESCAPE.lastIndex = this.at;
    const found = ESCAPE.exec(this.text);
    if (found === null) this.fail(this.at, `${show(this.text.slice(this.at, this.at + 2))} is not an escape of JSON`);
    this.at += found[0].length;
  }

  /** A number, true, false or null. */
  private takeToken(): boolean {
    TOKEN.lastIndex = this.at;
    const token = TOKEN.exec(this.text);
    if (token === null) return false;
    this.at += token[0].length;
    return true;
  }

  private takeChar(char: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    SPACE.lastIndex = this.at;
    SPACE.exec(this.text);
    this.at = SPACE.lastIndex;
  }

  private expected(what: string): never {
    const found = this.text.slice(this.at).match(/^(?:[\w.+-]{1,20}|.)/su)?.[0];
    const name = found === undefined ? 'the end of the file' : show(found);
    return this.fail(this.at, `expected ${what}, found ${name}`);
  }

  private pointer(): string {
    return this.path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  }

  private fail(offset: number, reason: string): never {
    throw new FoundFault({ offset, reason });
  }
}

const SPACE = /[ \t\r\n]*/y;
const TOKEN = /(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![\w.+-])/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in strings
const STRING_SPECIAL = /["\\\u0000-\u001f]/g;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

const show = (text: string): string => JSON.stringify(text);
