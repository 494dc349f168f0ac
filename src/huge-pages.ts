// A build step: lays the engine's file out so that the kernel can map it with huge pages. Of its 77 MB of code a start
// runs through 3 MB, here and there: with pages of 4 kB that takes 250 page faults and fills the TLB.
// usage: bun src/huge-pages.ts FILE
//
// A huge page of a file has to lie at the same place within 2 MB in the file and in memory (mmap(2), the kernel's
// thp_vma_suitable_order()). So each byte is put where it lies in memory, counted from the first one; and where a segment
// of code begins within a huge page, that page is mapped as code from its beginning, with the end of the constants that
// lie there. Addresses don't change.
import { readFileSync, writeFileSync } from 'node:fs';

const HUGE_PAGE = 0x20_0000;
/** elf(5): the program headers' types and flags, and where things are in the file's header and in theirs. */
const PT_LOAD = 1;
const [PF_X, PF_W] = [1, 2];
const ELF = { type: 16, programHeaders: 32, sectionHeaders: 40, entrySize: 54, entries: 56, sections: 58 } as const;
const ET_EXEC = 2;
const ENTRY = {
  type: 0,
  flags: 4,
  offset: 8,
  address: 16,
  physical: 24,
  fileSize: 32,
  memorySize: 40,
  align: 48,
} as const;

interface Segment {
  /** Where its header is in the file. */
  at: number;
  type: number;
  flags: number;
  offset: number;
  address: number;
  fileSize: number;
  memorySize: number;
}

/**
 * Lays an executable out for huge pages. Its section headers, which nobody needs to run it, are left out.
 * @param file an ELF file, little-endian, 64 bits
 * @returns another one with the same memory, or undefined if the file isn't one with fixed addresses that begin at a huge
 *   page, whose segments have all their bytes in the file's order
 */
export function layOutForHugePages(file: Uint8Array): Uint8Array | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const segments = readSegments(view);
  const loaded = segments.filter(({ type }) => type === PT_LOAD);
  const [first, last] = [loaded[0], loaded.at(-1)];
  if (first === undefined || last === undefined || view.getUint16(ELF.type, true) !== ET_EXEC) return undefined;
  if (first.offset !== 0 || first.address % HUGE_PAGE !== 0) return undefined;
  const base = first.address;
  const result = new Uint8Array(last.address + last.fileSize - base);
  for (const { offset, address, fileSize } of loaded) {
    result.set(file.subarray(offset, offset + fileSize), address - base);
  }
  for (const segment of segments) {
    if (loaded.some((other) => contains(other, segment))) segment.offset = segment.address - base;
  }
  loaded.forEach((segment, index) => {
    const before = loaded[index - 1];
    if (before !== undefined) startAtHugePage(segment, before);
  });
  writeSegments(result, segments);
  return result;
}

function contains(outer: Segment, { address, fileSize }: Segment): boolean {
  return fileSize > 0 && address >= outer.address && address + fileSize <= outer.address + outer.fileSize;
}

// Only what isn't written to: a writable page of a file is copied anyway, in small pages.
function startAtHugePage(segment: Segment, before: Segment): void {
  const start = segment.address - (segment.address % HUGE_PAGE);
  if ((segment.flags & PF_X) === 0 || (before.flags & PF_W) !== 0 || start <= before.address) return;
  const more = segment.address - start;
  segment.address = start;
  segment.offset -= more;
  segment.fileSize += more;
  segment.memorySize += more;
  before.fileSize = Math.min(before.fileSize, start - before.address);
  before.memorySize = before.fileSize;
}

function readSegments(view: DataView): Segment[] {
  const [start, size] = [number(view, ELF.programHeaders), view.getUint16(ELF.entrySize, true)];
  return Array.from({ length: view.getUint16(ELF.entries, true) }, (_, index) => {
    const at = start + index * size;
    return {
      at,
      type: view.getUint32(at + ENTRY.type, true),
      flags: view.getUint32(at + ENTRY.flags, true),
      offset: number(view, at + ENTRY.offset),
      address: number(view, at + ENTRY.address),
      fileSize: number(view, at + ENTRY.fileSize),
      memorySize: number(view, at + ENTRY.memorySize),
    };
  });
}

function writeSegments(file: Uint8Array, segments: Segment[]): void {
  const view = new DataView(file.buffer);
  const write = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);
  write(ELF.sectionHeaders, 0);
  for (let field = 0; field < 3; field++) view.setUint16(ELF.sections + 2 * field, 0, true);
  for (const { at, type, flags, offset, address, fileSize, memorySize } of segments) {
    write(at + ENTRY.offset, offset);
    write(at + ENTRY.address, address);
    write(at + ENTRY.physical, address);
    write(at + ENTRY.fileSize, fileSize);
    write(at + ENTRY.memorySize, memorySize);
    if (type === PT_LOAD && (flags & PF_W) === 0) write(at + ENTRY.align, HUGE_PAGE);
  }
}

function number(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

if (import.meta.main) {
  const path = process.argv[2] ?? '';
  const result = layOutForHugePages(readFileSync(path));
  if (result === undefined) console.log(`${path}: its layout stays, without huge pages`);
  else writeFileSync(path, result);
}
