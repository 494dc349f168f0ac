// Two engines may have the same name for what is kept of them.
import * as K from '../../bindings/constants.ts';
import { closeSync, openSync, readUpTo } from '../../bindings/file-system.ts';
import { statSync } from '../../bindings/stat.ts';
import { errnoOf } from '../errors.ts';
import { ENGINE, ENGINE_MAGIC, FILE_WORDS, HEAD_SIZE } from '../state/kept-engine-layout.ts';

/**
 * Whether a file is the kept engine of another one, which is still there: if each replaced it by its own, commands of the
 * two in turn would do nothing else.
 * @param path of the file
 * @param own path of this engine
 * @param boot what boot_id says, random(4)
 */
export function isOfAnother(path: string, own: string, boot: string): boolean {
  try {
    const head = readHead(path);
    const number = (at: number): bigint => head.getBigUint64(at, true);
    const text = (at: bigint): string => textAt(head, Number(at));
    if (number(ENGINE.magic) !== ENGINE_MAGIC || text(number(ENGINE.boot)) !== boot) return false;
    const row = Number(number(ENGINE.files[0]));
    const then = FILE_WORDS.map((_, index) => number(row + 8 * (index + 1)));
    const isNow = (file: string): boolean => String(statSync(file).words(FILE_WORDS)) === String(then);
    return isNow(text(number(row))) && !isNow(own);
  } catch (error) {
    // There's none, it's cut off, or its engine is gone.
    if (errnoOf(error) !== undefined || error instanceof RangeError) return false;
    throw error;
  }
}

function readHead(path: string): DataView {
  const fd = openSync(path, K.O_RDONLY | K.O_NOFOLLOW | K.O_NONBLOCK);
  try {
    return new DataView(readUpTo(fd, HEAD_SIZE).buffer);
  } finally {
    closeSync(fd);
  }
}

function textAt({ buffer }: DataView, at: number): string {
  const bytes = new Uint8Array(buffer, at);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}
