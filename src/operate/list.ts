// `list`: all containers of the root.
import { printable, StateError, toRuntimeError } from '../errors.ts';
import { warn } from '../log.ts';
import { type StateDocument, stateDocument } from '../state/document.ts';
import { statusOf } from '../state/status.ts';
import { listIds, loadRecord } from '../state/store.ts';

/** The text that the command prints. */
export function list(root: string, { format, isQuiet }: { format: 'table' | 'json'; isQuiet: boolean }): string {
  const documents = listIds(root).flatMap((id) => documentOf(root, id));
  if (isQuiet) return documents.map(({ id }) => `${id}\n`).join('');
  // runc prints null for no containers, and managers read that.
  if (format === 'json') return documents.length === 0 ? 'null' : JSON.stringify(documents);
  return table(documents);
}

// A container that goes away meanwhile, or whose state can't be read, must not hide the others.
function documentOf(root: string, id: string): StateDocument[] {
  try {
    const record = loadRecord(root, id);
    return [stateDocument(record, statusOf(root, record))];
  } catch (error) {
    // Just being made or deleted, or a folder of somebody else's.
    if (error instanceof StateError) return [];
    const known = toRuntimeError(error);
    if (known === undefined) throw error;
    warn(`list ${id}: ${known.oneLine}`);
    return [];
  }
}

const HEADINGS = ['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER'];
const MIN_WIDTH = 12;
const GAP = 3;

function table(documents: StateDocument[]): string {
  const rows = documents.map(({ id, pid, status, bundle, created, owner }) => {
    return [id, String(pid), status, printable(bundle), created, owner];
  });
  const lines = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, column) => {
    return Math.max(MIN_WIDTH, ...lines.map((line) => (line[column] ?? '').length + GAP));
  });
  return lines
    .map((line) => `${line.map((cell, i) => (i === 5 ? cell : cell.padEnd(widths[i] ?? 0))).join('')}\n`)
    .join('');
}
