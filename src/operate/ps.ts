// `ps`: the processes of a container, as ps(1) shows them.
import { RuntimeError } from '../errors.ts';
import { runProgram } from '../run-program.ts';
import { checkId } from '../state/id.ts';
import { loadRecord } from '../state/store.ts';
import { processesOf } from './container-processes.ts';

/**
 * The text that the command prints.
 * @param options of ps(1), for the table; without any `-ef`
 */
export function ps(root: string, id: string, { format, options }: { format: string; options: string[] }): string {
  checkId(id);
  const pids = processesOf(loadRecord(root, id)).sort((a, b) => a - b);
  // runc prints null for no processes.
  if (format === 'json') return `${pids.length === 0 ? 'null' : JSON.stringify(pids)}\n`;
  const { code, stdout, stderr } = runProgram('ps', options.length === 0 ? ['-ef'] : options, process.env);
  if (code !== 0) throw new RuntimeError(`ps exit status ${code}: ${(stderr || stdout).trim()}`);
  return linesOf(stdout, new Set(pids));
}

/**
 * The head and those lines of a table of ps(1) that are about some processes.
 * @throws RuntimeError if there's no column PID
 */
export function linesOf(table: string, pids: Set<number>): string {
  const [head = '', ...lines] = table.split('\n').filter((line) => line !== '');
  const column = head.trim().split(/\s+/).indexOf('PID');
  if (column < 0) {
    throw new RuntimeError("couldn't find PID field in ps output", { hint: 'choose options of ps(1) that show it' });
  }
  // Only the last column, the command, has spaces.
  const isOurs = (line: string) => pids.has(Number(line.trim().split(/\s+/)[column]));
  return [head, ...lines.filter(isOurs)].map((line) => `${line}\n`).join('');
}
