// Lists of CPUs or memory nodes: "a comma-separated list, with dashes to represent ranges", e.g. 0-3,7.

/** What is expected of such a list, for errors. */
export const NUMBER_LIST = 'must be a comma-separated list of numbers and ranges, e.g. 0-3,7';

/** Whether text is such a list. The empty text is the empty list. */
export function isNumberList(text: string): boolean {
  if (isEmptyList(text)) return true;
  for (const part of text.split(',')) if (!isNumberOrRange(part)) return false;
  return true;
}

/** Whether text lists no number at all. */
export function isEmptyList(text: string | undefined): boolean {
  return text === undefined || text.trim() === '';
}

function isNumberOrRange(part: string): boolean {
  const dash = part.indexOf('-');
  if (dash < 0) return isNumber(part);
  const [first, last] = [part.slice(0, dash), part.slice(dash + 1)];
  return isNumber(first) && isNumber(last) && Number(first) <= Number(last);
}

function isNumber(text: string): boolean {
  const digits = text.trim();
  for (const char of digits) if (char < '0' || char > '9') return false;
  return digits !== '' && digits.length < 10;
}
