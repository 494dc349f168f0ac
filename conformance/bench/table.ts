// The table that the benchmark prints: one row per measurement, one column per runtime, ratios, targets.

export interface Row {
  name: string;
  unit: 'ms' | 'kB';
  /** runts, runc, crun. */
  values: number[];
  /** For runts: at most this ratio to runc, or at most this value. */
  target?: { ratio: number } | { atMost: number };
}

const HEADINGS = ['', 'runts', 'runc', 'crun', '× runc', '× crun', 'target', ''];

/** The text of the table. */
export function renderTable(rows: Row[]): string {
  const lines = [HEADINGS, ...rows.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = (line: string[]): string =>
    line.map((cell, column) => pad(cell, column, widths[column] ?? 0)).join('  ');
  return lines.map((line) => text(line).trimEnd()).join('\n');
}

function pad(cell: string, column: number, width: number): string {
  const isText = column === 0 || column >= 6;
  return isText ? cell.padEnd(width) : cell.padStart(width);
}

function cells({ name, unit, values, target }: Row): string[] {
  const [runts = Number.NaN, runc = Number.NaN, crun = Number.NaN] = values;
  const digits = unit === 'ms' ? 1 : 0;
  const shown = [runts, runc, crun].map((value) => `${value.toFixed(digits)} ${unit}`);
  const ratios = [runts / runc, runts / crun].map((ratio) => ratio.toFixed(unit === 'ms' ? 2 : 3));
  if (target === undefined) return [name, ...shown, ...ratios, '', ''];
  const isMet = 'ratio' in target ? runts / runc <= target.ratio : runts <= target.atMost;
  const wanted = 'ratio' in target ? `≤ ${target.ratio} × runc` : `≤ ${target.atMost} ${unit}`;
  return [name, ...shown, ...ratios, wanted, isMet ? 'met' : 'missed'];
}
