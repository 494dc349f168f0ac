// `state`: the container's state as JSON.
import { stateDocument } from '../state/document.ts';
import { checkId } from '../state/id.ts';
import { statusOf } from '../state/status.ts';
import { loadRecord } from '../state/store.ts';

/** The text that the command prints. */
export function state(root: string, id: string): string {
  checkId(id);
  const record = loadRecord(root, id);
  return `${JSON.stringify(stateDocument(record, statusOf(root, record)), null, 2)}\n`;
}
