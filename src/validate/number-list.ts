// Lists of CPUs or memory nodes: "a comma-separated list, with dashes to represent ranges", e.g. 0-3,7.

/** What is expected of such a list, for errors. */
export const NUMBER_LIST = 'must be a comma-separated list of numbers and ranges, e.g. 0-3,7';

/** Whether text is such a list. The empty text is the empty list. */
export function isNumberList(text: string): boolean {
  return text.trim() === '' || text.split(',').every(isNumberOrRange);
}

/** Whether text lists no number at all. */
export function isEmptyList(text: string | undefined): boolean {
  return text === undefined || text.trim() === '';
}

function isNumberOrRange(part: string): boolean {
  const [, first, last] = part.match(/^\s*([0-9]{1,9})(?:\s*-\s*([0-9]{1,9}))?\s*$/) ?? [];
  return first !== undefined && (last === undefined || Number(first) <= Number(last));
}
