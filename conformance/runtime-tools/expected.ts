// What may fail: the tables in expected.md.

export interface Expectation {
  program: string;
  /** A failure's text; `*` stands for anything. */
  failure: string;
  reason: string;
}

/** Reads the rows of all tables: program, failure, reason. A row without a reason is an error. */
export function parseExpected(markdown: string): Expectation[] {
  const rows = markdown.split('\n').filter((line) => line.startsWith('|'));
  return rows
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')))
    .filter(([, program = '']) => program !== 'program' && !/^-+$/.test(program))
    .map(([, program = '', failure = '', reason = '']) => {
      if (program === '' || failure === '' || reason === '')
        throw new Error(`expected.md: ${program} ${failure}: incomplete`);
      return { program, failure, reason };
    });
}

/** The row that explains a failure of a program. */
export function explanationOf(expected: Expectation[], program: string, failure: string): Expectation | undefined {
  return expected.find((row) => row.program === program && patternOf(row.failure).test(failure));
}

function patternOf(failure: string): RegExp {
  const parts = failure.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
