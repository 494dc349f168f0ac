// Reads the Test Anything Protocol as the validation suite prints it: diagnostics in blocks that are JSON, before or
// after their assertion, and the stream of a program in the container in the midst of the stream of the test outside.

export interface Assertion {
  passed: boolean;
  description: string;
  /** SKIP or TODO: the result doesn't count. */
  directive?: string;
  /** The block after the assertion. */
  diagnostic?: string;
}

export interface TapReport {
  assertions: Assertion[];
  /** Errors in blocks that belong to no assertion: some programs say nothing else when they fail. */
  errors: string[];
  /** How many assertions the plans promise; undefined without a plan. */
  planned?: number;
}

const ASSERTION = /^(not )?ok\b *\d* *(?:- )?(.*)$/;
const DIRECTIVE = /^(.*?) *# *(SKIP|TODO)\b *(.*)$/i;

/** Reads the whole output of a program. Lines that aren't TAP (an error text goes on for several) are left out. */
export function parseTap(output: string): TapReport {
  const report: TapReport = { assertions: [], errors: [] };
  const lines = output.split('\n');
  // The assertion that a block at this line would belong to.
  let last: Assertion | undefined;
  for (let index = 0; index < lines.length; index++) {
    const text = lines[index]?.trimEnd() ?? '';
    const plan = /^1\.\.(\d+)/.exec(text);
    if (plan !== null) report.planned = (report.planned ?? 0) + Number(plan[1]);
    const assertion = readAssertion(text);
    if (assertion !== undefined) {
      report.assertions.push(assertion);
      last = assertion;
    } else if (text === '  ---') {
      const end = lines.indexOf('  ...', index);
      const block = lines.slice(index + 1, end === -1 ? undefined : end).join('\n');
      if (last === undefined) report.errors.push(...errorOf(block));
      else last.diagnostic = block.trim();
      last = undefined;
      index = end === -1 ? lines.length : end;
    }
  }
  return report;
}

function readAssertion(line: string): Assertion | undefined {
  const found = ASSERTION.exec(line);
  if (found === null) return undefined;
  const [, not, text = ''] = found;
  const passed = not === undefined;
  const directive = DIRECTIVE.exec(text);
  if (directive === null) return { passed, description: text };
  const [, before = '', word = '', after = ''] = directive;
  return { passed, description: before === '' ? after : before, directive: word.toUpperCase() };
}

function errorOf(block: string): string[] {
  try {
    const { error, stderr } = JSON.parse(block);
    return error === undefined ? [] : [stderr === undefined ? error : `${error}: ${stderr.trim()}`];
  } catch {
    return [`not JSON: ${block.trim()}`];
  }
}
