// The same operations for each row of a table in the program's data: what differs is loaded from the row.
import { type Address, Word } from './memory.ts';

/**
 * A report's number has the call's own in its lower bits and the row's above them, so that one number tells both: 20
 * bits for 100,000 mounts, 12 for the rows.
 */
export const ROW_STEP = 2 ** 20;
/** The rows that one loop can have; one number less than there are, because 2^32 - 1 is taken (report.ts). */
export const MAX_ROWS = 2 ** 12 - 1;

/** arm64's `add` has 12 bits for the size of a row in bytes. */
const MAX_WORDS = 500;

/** The words of a row: numbers are unsigned and of 32 bits. */
export type RowWords = readonly (Address | number)[];

/** In a loop's body: the row that it has come to. */
export class Row {
  /** @param next the label to go on at with the next row */
  constructor(readonly next: string) {}

  /** The row's word with this index, as an operand: the number, or the address. */
  word(index: number): Word {
    return new Word(8 + 8 * index);
  }
}

/** The size of a row in bytes: its number's share and its words. Throws if the rows are not all of one length. */
export function rowSize(rows: readonly RowWords[]): number {
  const length = rows[0]?.length ?? 0;
  if (rows.length > MAX_ROWS || length > MAX_WORDS) throw new Error(`cannot count ${rows.length} rows of ${length}`);
  for (const row of rows) if (row.length !== length) throw new Error(`a row has ${row.length} words, not ${length}`);
  return 8 + 8 * length;
}
