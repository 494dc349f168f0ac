// The file of a kept engine, made of what is known of its memory: src/state/kept-engine-layout.ts says where what is.
import {
  ANY,
  ENGINE,
  ENGINE_HEADER_SIZE,
  ENGINE_MAGIC,
  HEAD_SIZE,
  MAX_FILES,
  MAX_PIECES,
} from '../state/kept-engine-layout.ts';
import { type Area, isOfFile, isOfVdso } from './memory-map.ts';

export const PAGE = 4096;

/** System calls, for the launcher: number, six arguments and what it has to return. */
export type CallRow = readonly (number | bigint)[];

/** A part of memory whose content is to be kept: whole pages. */
export interface Part {
  start: number;
  content: Uint8Array;
}

export interface ImageInputs {
  sources: bigint;
  boot: string;
  areas: Area[];
  /** The pages of areas that are their own, by the areas' order; not those that are only zeros. */
  parts: Part[][];
  /** What statx(2) says of a file: FILE_WORDS. */
  stateOf: (path: string) => bigint[];
  /** Of files: the engine has to be the first. */
  enginePath: string;
  /** Calls to make behind what memory there is. */
  calls: CallRow[];
  stack: number;
  instruction: number;
  threadId: number;
  mailbox: number;
}

/** Numbers of x86_64; mmap(2), madvise(2), mprotect(2). */
const [MMAP, MADVISE, MPROTECT] = [9, 28, 10];
const [NONE, READ, WRITE, EXECUTE] = [0, 1, 2, 4];
/** MAP_PRIVATE and MAP_FIXED_NOREPLACE; with MAP_ANONYMOUS and MAP_NORESERVE. */
const [OF_FILE, ANONYMOUS] = [0x10_0002, 0x10_4022];
const [HUGE_PAGES, NO_HUGE_PAGES] = [14, 15];

/**
 * Puts it together.
 * @throws Error if there is something in memory that can't be kept
 */
export function imageOf(inputs: ImageInputs): Uint8Array[] {
  return new Image(inputs).finish();
}

class Image {
  readonly #inputs: ImageInputs;
  readonly #files: string[];
  readonly #maps: CallRow[] = [];
  readonly #calls: CallRow[] = [];
  readonly #vdso: CallRow[] = [];
  /** What is mapped from the file itself, from HEAD_SIZE on; what is copied, behind it. */
  readonly #mapped: Uint8Array[] = [];
  readonly #copied: Part[] = [];
  #mappedEnd = HEAD_SIZE;

  constructor(inputs: ImageInputs) {
    this.#inputs = inputs;
    this.#files = [inputs.enginePath];
    inputs.areas.forEach((area, index) => {
      if (isOfVdso(area)) this.#addVdso(area);
      else this.#add(area, inputs.parts[index] ?? []);
    });
  }

  #addVdso({ start, end }: Area): void {
    const base = this.#inputs.areas.find(({ name }) => name === '[vdso]')?.start ?? 0;
    // Whatever is there would be gone, mremap(2): the stack with the caller's words, for example.
    this.#maps.push([MMAP, start, end - start, NONE, ANONYMOUS, 0, 0, start]);
    this.#vdso.push([start - base, end - start, start]);
  }

  #add(area: Area, parts: Part[]): void {
    const { start, end, protection, offset, name, hugePages } = area;
    if (area.isShared || name.endsWith(' (deleted)')) throw new Error(`there is ${name} in memory`);
    const size = end - start;
    const isWritable = (protection & WRITE) !== 0;
    const isCode = (protection & EXECUTE) !== 0;
    if (isOfFile(area)) {
      if (isCode && (isWritable || parts.length > 0)) throw new Error(`the code of ${name} was changed`);
      // What can't be written is mapped as it is.
      if (!isWritable && parts.length > 0) this.#mapOwn(area, parts);
      else this.#maps.push([MMAP, start, size, protection, OF_FILE, this.#file(name), offset, start]);
    } else {
      this.#maps.push([MMAP, start, size, isCode ? READ | WRITE : protection, ANONYMOUS, 0, 0, start]);
      if (isCode) this.#calls.push([MPROTECT, start, size, protection, 0, 0, 0, 0]);
      const advice = hugePages === true ? HUGE_PAGES : NO_HUGE_PAGES;
      // A kernel without huge pages doesn't know it.
      if (hugePages !== undefined) this.#maps.push([MADVISE, start, size, advice, 0, 0, 0, ANY]);
    }
    if (isWritable || !isOfFile(area)) this.#copied.push(...parts);
  }

  // The whole area, as one part.
  #mapOwn({ start, end, protection, name }: Area, [part]: Part[]): void {
    if (part === undefined || part.start !== start || part.content.length !== end - start) {
      throw new Error(`a part of ${name} is missing`);
    }
    this.#maps.push([MMAP, start, end - start, protection, OF_FILE, 0, this.#mappedEnd, start]);
    this.#mapped.push(part.content);
    this.#mappedEnd += part.content.length;
  }

  // As the rows have it: eight times its number.
  #file(path: string): number {
    const known = this.#files.indexOf(path);
    const index = known >= 0 ? known : this.#files.push(path) - 1;
    if (index >= MAX_FILES) throw new Error('there are too many files in memory');
    return 8 * (1 + index);
  }

  finish(): Uint8Array[] {
    const { sources, boot, stateOf, calls, stack, instruction, threadId, mailbox } = this.#inputs;
    const pieces = piecesOf(this.#copied);
    const head = new Head();
    head.number(ENGINE.magic, ENGINE_MAGIC);
    head.number(ENGINE.sources, sources);
    head.number(ENGINE.boot, head.text(boot));
    const rows = this.#files.map((path) => [head.text(path), ...stateOf(path)]);
    head.list(ENGINE.files, rows);
    head.list(ENGINE.maps, this.#maps);
    head.list(ENGINE.calls, [...this.#calls, ...calls]);
    head.list(ENGINE.vdso, this.#vdso);
    head.number(ENGINE.pieces, head.rows(pieces.map(({ start, size }) => [start, size])));
    head.number(ENGINE.pieceCount, pieces.length);
    head.number(ENGINE.contents, this.#mappedEnd);
    const contents = pieces.flatMap(({ contents }) => contents);
    const contentsSize = contents.reduce((sum, { length }) => sum + length, 0);
    head.number(ENGINE.contentsSize, contentsSize);
    head.number(ENGINE.size, this.#mappedEnd + contentsSize);
    head.number(ENGINE.stack, stack);
    head.number(ENGINE.departure, instruction);
    head.number(ENGINE.threadId, threadId);
    head.number(ENGINE.mailbox, mailbox);
    return [head.bytes, ...this.#mapped, ...contents];
  }
}

/** Neighbours in memory. */
interface Piece {
  start: number;
  size: number;
  contents: Uint8Array[];
}

// One system call takes so many: if there are more, short gaps are filled with the zeros that are there.
function piecesOf(parts: Part[]): Piece[] {
  for (let gap = 0; ; gap = gap * 2 + PAGE) {
    const pieces = joined(parts, gap);
    if (pieces.length <= MAX_PIECES) return pieces;
  }
}

function joined(parts: Part[], gap: number): Piece[] {
  const pieces: Piece[] = [];
  for (const { start, content } of parts) {
    const last = pieces.at(-1);
    const between = last === undefined ? -1 : start - last.start - last.size;
    if (last === undefined || between < 0 || between > gap) {
      pieces.push({ start, size: content.length, contents: [content] });
      continue;
    }
    if (between > 0) last.contents.push(new Uint8Array(between));
    last.contents.push(content);
    last.size += between + content.length;
  }
  return pieces;
}

/** The first part of the file: numbers at their places, behind them what they point at. */
class Head {
  readonly bytes = new Uint8Array(HEAD_SIZE);
  readonly #view = new DataView(this.bytes.buffer);
  #end: number = ENGINE_HEADER_SIZE;

  number(at: number, value: number | bigint): void {
    this.#view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
  }

  text(text: string): number {
    const start = this.#end;
    const bytes = new TextEncoder().encode(`${text}\0`);
    this.#grow(bytes.length);
    this.bytes.set(bytes, start);
    return start;
  }

  rows(rows: readonly CallRow[]): number {
    const start = this.#end;
    this.#grow(8 * rows.flat().length);
    rows.flat().forEach((value, index) => {
      this.number(start + 8 * index, value);
    });
    return start;
  }

  list([first, last]: readonly [number, number], rows: readonly CallRow[]): void {
    this.number(first, this.rows(rows));
    this.number(last, this.#end);
  }

  #grow(size: number): void {
    this.#end += (size + 7) & ~7;
    if (this.#end > HEAD_SIZE) throw new Error('there is too much in memory to tell of');
  }
}
