// The differences that are meant: the tables in expected.md.

/** Which cgroups the host has: hierarchies of v1 (and perhaps a v2 one beside them), or v2 alone. */
export type CgroupVersion = 1 | 2;

export interface Expectation {
  /** Names of bundles and fields; `*` stands for anything. */
  bundle: string;
  field: string;
  reason: string;
}

/**
 * Reads the rows of all tables: bundle, field, reason. A row without a reason is an error. Tables below a heading that
 * ends with "(cgroup v1)" or "(cgroup v2)" are for hosts with that version; without `version` all are read.
 */
export function parseExpected(markdown: string, version?: CgroupVersion): Expectation[] {
  const sections = markdown.split(/^(?=## )/m).filter((section) => {
    const only = /^## .*\(cgroup v(\d)\)$/m.exec(section)?.[1];
    return version === undefined || only === undefined || Number(only) === version;
  });
  const rows = sections.flatMap((section) => section.split('\n').filter((line) => line.startsWith('|')));
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
