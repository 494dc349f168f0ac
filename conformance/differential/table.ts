// The table that the run prints: one row per bundle.
import type { Verdict } from './compare.ts';

export interface Counts {
  fields: number;
  same: number;
  /** Where the references disagree: how many fields are like each of them. */
  like: Record<string, number>;
  explained: number;
  unexplained: number;
}

export interface Row {
  bundle: string;
  /** Undefined: the table's head. */
  counts: Counts | undefined;
}

/** Sums up a bundle's verdicts, of which `unexplained` are differences that nothing explains. */
export function countsOf(verdicts: Verdict[], unexplained: number): Counts {
  const like: Record<string, number> = {};
  for (const verdict of verdicts.filter(({ likeness }) => likeness === 'one')) {
    for (const runtime of verdict.like) like[runtime] = (like[runtime] ?? 0) + 1;
  }
  const count = (likeness: Verdict['likeness']): number => verdicts.filter((one) => one.likeness === likeness).length;
  return { fields: verdicts.length, same: count('same'), like, explained: count('unlike') - unexplained, unexplained };
}

const HEAD = ['fields', 'the same', 'like runc only', 'like crun only', 'explained', 'not explained'];

/** One row, padded. */
export function renderRow({ bundle, counts }: Row): string {
  const cells = counts === undefined ? HEAD : cellsOf(counts);
  return [bundle.padEnd(58), ...cells.map((cell, index) => cell.padStart(HEAD[index]?.length ?? 0))].join('  ');
}

function cellsOf({ fields, same, like, explained, unexplained }: Counts): string[] {
  return [fields, same, like.runc ?? 0, like.crun ?? 0, explained, unexplained].map(String);
}

/** The last row. */
export function renderTotals(rows: Row[]): string {
  const all = rows.flatMap(({ counts }) => counts ?? []);
  const sum = (value: (counts: Counts) => number): number => all.reduce((total, counts) => total + value(counts), 0);
  return renderRow({
    bundle: `${rows.length} bundles`,
    counts: {
      fields: sum(({ fields }) => fields),
      same: sum(({ same }) => same),
      like: { runc: sum(({ like }) => like.runc ?? 0), crun: sum(({ like }) => like.crun ?? 0) },
      explained: sum(({ explained }) => explained),
      unexplained: sum(({ unexplained }) => unexplained),
    },
  });
}
