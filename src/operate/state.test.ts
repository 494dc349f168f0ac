import { mkdtempSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { StateError, UsageError } from '../errors.ts';
import { NO_PID, sampleRecord } from '../state/fixtures/record.ts';
import { makeFolder, saveRecord } from '../state/store.ts';
import { isState } from '../validate/state.generated.js';
import { state } from './state.ts';

const test = suite('operate/state');

const root = mkdtempSync('/tmp/runts-state-');
test.after(() => rmSync(root, { recursive: true }));

test("the text is JSON that the specification's schema accepts", () => {
  makeFolder(root, 'web1');
  saveRecord(root, sampleRecord({ pid: NO_PID, annotations: { a: 'b' } }));
  const text = state(root, 'web1');
  assert.ok(text.endsWith('}\n'));
  const document = JSON.parse(text);
  assert.ok(isState(document));
  assert.equal([document.id, document.status, document.annotations], ['web1', 'stopped', { a: 'b' }]);
});

test('what does not exist, or is no id, is refused', () => {
  assert.throws(
    () => state(root, 'web2'),
    (error: unknown) => error instanceof StateError,
  );
  assert.throws(
    () => state(root, '../web1'),
    (error: unknown) => error instanceof UsageError,
  );
});

test.run();
