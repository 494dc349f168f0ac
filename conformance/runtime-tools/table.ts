// The table that the run prints: one row per program, one column per runtime.
import type { Outcome } from './program.ts';

/** A cell: `ok 12`, or how many failed of how many. */
export function cell({ passed, failures }: Outcome): string {
  const total = passed + failures.length;
  return failures.length === 0 ? `ok ${passed}` : `FAIL ${failures.length}/${total}`;
}

/** One row, padded. `note` follows the columns. */
export function row(name: string, cells: string[], note = ''): string {
  return [name.padEnd(32), ...cells.map((text) => text.padEnd(12)), note].join(' ').trimEnd();
}

/** The last row: how many programs each runtime passes. */
export function totals(outcomes: Outcome[][]): string[] {
  const runtimes = outcomes[0]?.length ?? 0;
  return Array.from({ length: runtimes }, (_, index) => {
    const good = outcomes.filter((ofProgram) => ofProgram[index]?.failures.length === 0).length;
    return `${good} of ${outcomes.length}`;
  });
}
