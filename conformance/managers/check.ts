// What a check is, and what the end of its script means.

/** A thing that a user does and sees: [a sentence, what is typed into bash, what is expected]. */
export type Check = [name: string, script: string, expected: Expected];

/** A text is the whole standard output, without the blanks around it. The exit status is 0 unless something else is asked. */
export type Expected = string | RegExp | { exit?: number; shows?: string | RegExp; says?: RegExp };

export interface Ended {
  /** Null after a signal. */
  status: number | null;
  stdout: string;
  stderr: string;
}

/** What is wrong with how a check's script has ended; nothing if all is as expected. */
export function complaint(expected: Expected, { status, stdout, stderr }: Ended): string | undefined {
  const asked = typeof expected === 'string' || expected instanceof RegExp ? { shows: expected } : expected;
  const { exit = 0, shows, says } = asked as Exclude<Expected, string | RegExp>;
  const shown = stdout.trim();
  // `docker exec` says on its standard output what went wrong.
  const reason = lastLine(stderr) || lastLine(shown);
  if (status === 124 || status === 137 || status === null) {
    if (status !== exit) return `time limit, or killed: ${reason}`;
  }
  if (status !== exit) return `exit status ${status}${exit === 0 ? '' : `, not ${exit}`}: ${reason}`;
  if (shows !== undefined && !matches(shows, shown)) return `shows ${JSON.stringify(shown)}, not ${shows}`;
  if (says !== undefined && !says.test(stderr)) return `says ${JSON.stringify(stderr.trim())}, not ${says}`;
  return undefined;
}

function matches(expected: string | RegExp, text: string): boolean {
  return typeof expected === 'string' ? text === expected : expected.test(text);
}

// Docker's client ends with a line about its help, or a log line that tells less.
function lastLine(text: string): string {
  const lines = text.trim().split('\n');
  return (
    lines.findLast((line) => line.trim() !== '' && !/^(See '.* --help'|time=".*context canceled)/.test(line)) ?? ''
  );
}
