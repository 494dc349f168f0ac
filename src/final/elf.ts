// A static ELF64 executable at fixed addresses: elf(5), System V gABI chapters 4 and 5.
import type { Architecture } from '../../bindings/syscalls.ts';
import { MAX_ALIGNMENT } from './bytes.ts';
import type { SectionAddresses } from './encoder.ts';
import type { Section } from './memory.ts';

const FILE_HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;
/** Where the code starts: after the headers, with room for the five segments that there can be. */
export const CODE_OFFSET = 384;
/** Where the file's first byte lies in memory, if nothing else is asked for: a multiple of every page size. */
const BASE = 0x400000;
/** x86_64 has sign-extended 32-bit displacements. */
const ADDRESS_LIMIT = 2 ** 31;
/** What the kernel's pages have at most: 4 kB on x86_64, 64 kB on arm64. */
const PAGE_SIZE: Readonly<Record<Architecture, number>> = { x64: 0x1000, arm64: 0x10000 };
const MACHINE: Readonly<Record<Architecture, number>> = { x64: 62, arm64: 183 };

const ET_EXEC = 2;
const PT_LOAD = 1;
const PT_GNU_STACK = 0x6474e551;
const PF_X = 1;
const PF_W = 2;
const PF_R = 4;

/** The sizes of the code and of each section, in bytes. */
export type Sizes = Readonly<Record<Section | 'code', number>>;

/** A program header's fields; what isn't in the file has no file size. */
interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly alignment: number;
}

/** Where everything lies in the file and in memory. */
export interface Layout {
  readonly architecture: Architecture;
  readonly segments: readonly Segment[];
  /** The offset of each section in the file. */
  readonly offsets: Readonly<Record<Exclude<Section, 'zeroed'>, number>>;
  readonly addresses: SectionAddresses;
  readonly fileSize: number;
  readonly base: number;
}

/** Decides where each section goes. What fits into the first page goes there, since every page costs memory. */
export function layOut(architecture: Architecture, sizes: Sizes, base: number = BASE): Layout {
  const page = PAGE_SIZE[architecture];
  const constant = alignUp(CODE_OFFSET + sizes.code, MAX_ALIGNMENT);
  const bulk = alignUp(constant + sizes.constant, MAX_ALIGNMENT);
  const writable = alignUp(bulk + sizes.bulk, MAX_ALIGNMENT);
  const fileSize = writable + sizes.writable;
  const offsets = { constant, bulk, writable };
  const hasOnePage = bulk + sizes.bulk <= PAGE_SIZE.x64;
  // Offset and address agree modulo the page size; each segment is one page further up, so that none shares a page.
  // Zeroed memory is page-aligned, last and not in the file: so the kernel has no rest of a page to clear and allocate.
  const addresses = {
    constant: base + constant,
    bulk: base + bulk + (hasOnePage ? 0 : page),
    writable: base + writable + 2 * page,
    zeroed: alignUp(base + fileSize + 3 * page, page),
  };
  if (addresses.zeroed + sizes.zeroed > ADDRESS_LIMIT) throw new Error('the program needs too much memory');
  const codeSize = hasOnePage ? bulk + sizes.bulk : constant + sizes.constant;
  const segments = [segment(PF_R | PF_X, base, { offset: 0, fileSize: codeSize }, page)];
  if (sizes.bulk > 0 && !hasOnePage)
    segments.push(segment(PF_R, addresses.bulk, { offset: bulk, fileSize: sizes.bulk }, page));
  if (sizes.writable > 0)
    segments.push(segment(PF_R | PF_W, addresses.writable, { offset: writable, fileSize: sizes.writable }, page));
  if (sizes.zeroed > 0)
    segments.push(segment(PF_R | PF_W, addresses.zeroed, { offset: 0, fileSize: 0, memorySize: sizes.zeroed }, page));
  segments.push(STACK);
  return { architecture, segments, offsets, addresses, fileSize, base };
}

/** A part of the file, or zeros, mapped into memory. */
function segment(
  flags: number,
  address: number,
  { offset, fileSize, memorySize = fileSize }: { offset: number; fileSize: number; memorySize?: number },
  alignment: number,
): Segment {
  return { type: PT_LOAD, flags, offset, address, fileSize, memorySize, alignment };
}

/** Without this header the stack would be executable on some kernels: fs/binfmt_elf.c, READ_IMPLIES_EXEC. */
const STACK: Segment = {
  type: PT_GNU_STACK,
  flags: PF_R | PF_W,
  offset: 0,
  address: 0,
  fileSize: 0,
  memorySize: 0,
  alignment: 16,
};

/** An executable with its headers, ready for the code and the sections to be copied to their offsets. */
export function elfFile({ architecture, segments, fileSize, base }: Layout): Uint8Array {
  const file = new Uint8Array(fileSize);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // "\x7fELF", 64 bits, little-endian, version 1; System V
  view.setUint16(16, ET_EXEC, true);
  view.setUint16(18, MACHINE[architecture], true);
  view.setUint32(20, 1, true); // e_version
  view.setUint32(24, base + CODE_OFFSET, true); // e_entry; all 64-bit fields here are below 2^31
  view.setUint32(32, FILE_HEADER_SIZE, true); // e_phoff
  view.setUint16(52, FILE_HEADER_SIZE, true);
  view.setUint16(54, PROGRAM_HEADER_SIZE, true);
  view.setUint16(56, segments.length, true);
  let at = FILE_HEADER_SIZE;
  for (const segment of segments) {
    writeSegment(view, at, segment);
    at += PROGRAM_HEADER_SIZE;
  }
  return file;
}

function writeSegment(view: DataView, at: number, segment: Segment): void {
  view.setUint32(at, segment.type, true);
  view.setUint32(at + 4, segment.flags, true);
  view.setUint32(at + 8, segment.offset, true);
  view.setUint32(at + 16, segment.address, true);
  view.setUint32(at + 24, segment.address, true);
  view.setUint32(at + 32, segment.fileSize, true);
  view.setUint32(at + 40, segment.memorySize, true);
  view.setUint32(at + 48, segment.alignment, true);
}

function alignUp(value: number, unit: number): number {
  return value + ((unit - (value % unit)) % unit);
}
