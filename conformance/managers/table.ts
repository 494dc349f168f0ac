// What the results with runc and with the runtime under test mean, and the table that is printed.
import type { Session } from './session.ts';

export interface Row {
  name: string;
  verdict: 'ok' | 'FAIL' | 'skipped';
  /** Why not ok. */
  reason: string;
  /** All that a failed check has said. */
  detail: string;
  /** With runc and with the runtime under test. */
  seconds: [number, number];
}

/** One row for each check. A check that fails with runc is skipped. */
export function compare(names: string[], reference: Session, ours: Session): Row[] {
  return names.map((name) => {
    const [before, after] = [reference, ours].map((session) => session.results.find((result) => result.name === name));
    const seconds: Row['seconds'] = [before?.seconds ?? 0, after?.seconds ?? 0];
    const lack = before === undefined ? missing(reference) : before.failure;
    if (lack !== undefined) return { name, verdict: 'skipped', reason: `with runc: ${lack}`, detail: '', seconds };
    const failure = after === undefined ? missing(ours) : after.failure;
    return {
      name,
      verdict: failure === undefined ? 'ok' : 'FAIL',
      reason: failure ?? '',
      detail: after?.detail ?? '',
      seconds,
    };
  });
}

const missing = ({ problem }: Session): string => `did not run: ${problem ?? 'no result'}`;

/** `ok   a container's program speaks   0.4 s  0.3 s`, and the reason below it. */
export function line({ name, verdict, reason, detail, seconds }: Row): string {
  const times = seconds.map((time) => `${time.toFixed(1)} s`.padStart(7)).join('');
  const mark = verdict === 'skipped' ? '-   ' : verdict.padEnd(4);
  const said = detail.split('\n').filter((text) => text.trim() !== '');
  return `${mark} ${name.padEnd(90)}${times}${reason === '' ? '' : `\n     ${verdict}: ${reason}`}${said.map((text) => `\n       | ${text}`).join('')}`;
}

/** A row of a table in Markdown. */
export function markdown({ name, verdict, reason }: Row): string {
  const result =
    verdict === 'skipped' ? `skipped ${reason.replace(/: unknown\.?$/, '').replace(/: .*: /s, ': … ')}` : verdict;
  return `| ${name} | ${result} |`.replace(/\s+/g, ' ');
}

/** The closing line. */
export function countOf(rows: Row[]): string {
  const count = (verdict: Row['verdict']): number => rows.filter((row) => row.verdict === verdict).length;
  // A run without a check is a failure.
  return `${count('ok')} passed, ${count('FAIL') + (rows.length === 0 ? 1 : 0)} failed, ${count('skipped')} skipped`;
}
