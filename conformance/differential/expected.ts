// The differences that are meant: the tables in expected.md.

export interface Expectation {
  /** Names of bundles and fields; `*` stands for anything. */
  bundle: string;
  field: string;
  reason: string;
}

/** Reads the rows of all tables: bundle, field, reason. A row without a reason is an error. */
export function parseExpected(markdown: string): Expectation[] {
  const rows = markdown.split('\n').filter((line) => line.startsWith('|'));
  return rows
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')))
    .filter(([, bundle = '']) => bundle !== 'bundle' && !/^-+$/.test(bundle))
    .map(([, bundle = '', field = '', reason = '']) => {
      if (bundle === '' || field === '' || reason === '')
        throw new Error(`expected.md: ${bundle} ${field}: incomplete`);
      return { bundle, field, reason };
    });
}

/** The row that explains a difference. @param bundles what the bundle may be called */
export function explanationOf(expected: Expectation[], bundles: string[], field: string): Expectation | undefined {
  const fits = (pattern: string): boolean => bundles.some((name) => patternOf(pattern).test(name));
  return expected.find((row) => fits(row.bundle) && patternOf(row.field).test(field));
}

function patternOf(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
