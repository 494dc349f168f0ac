import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configureLog } from '../log.ts';
import { NO_PID, sampleRecord } from '../state/fixtures/record.ts';
import { type ContainerRecord, makeFolder, saveRecord } from '../state/store.ts';
import { list } from './list.ts';

const test = suite('operate/list');

let root = '';
test.before.each(() => {
  root = mkdtempSync('/tmp/runts-list-');
});
test.after.each(() => rmSync(root, { recursive: true }));

function container(id: string, parts: Partial<ContainerRecord> = {}): void {
  makeFolder(root, id);
  saveRecord(root, sampleRecord({ id, pid: NO_PID, ...parts }));
}

const TABLE = { format: 'table', isQuiet: false } as const;
const JSON_FORMAT = { format: 'json', isQuiet: false } as const;
const QUIET = { format: 'table', isQuiet: true } as const;

test('without containers there are the headings, null, or nothing', () => {
  for (const folder of [root, `${root}/none`]) {
    assert.match(list(folder, TABLE), /^ID {10,}PID +STATUS +BUNDLE +CREATED +OWNER\n$/);
    assert.is(list(folder, JSON_FORMAT), 'null');
    assert.is(list(folder, QUIET), '');
  }
});

test('each container is a line, and the columns are as wide as it takes', () => {
  container('a');
  container('a-very-long-name-for-a-container');
  const lines = list(root, TABLE).trimEnd().split('\n').sort();
  assert.is(lines.length, 3);
  const columns = lines.map((line) => line.search(/PID|0 {2,}stopped/));
  assert.is(new Set(columns).size, 1);
  for (const line of lines.filter((text) => !text.startsWith('ID'))) {
    assert.match(line, /^a\S* +0 +stopped +\/bundle +2025-01-02T03:04:05.678Z +root$/);
  }
});

test('as JSON there are the same documents as of `state`', () => {
  container('a', { annotations: { k: 'v' } });
  const [document, ...others] = JSON.parse(list(root, JSON_FORMAT));
  assert.equal([document.id, document.status, document.annotations, others], ['a', 'stopped', { k: 'v' }, []]);
});

test('quietly there are only the ids', () => {
  container('a');
  container('b');
  assert.equal(list(root, QUIET).trimEnd().split('\n').sort(), ['a', 'b']);
});

test('a container whose state cannot be read is warned of and does not hide the others', () => {
  container('a');
  mkdirSync(`${root}/damaged`);
  writeFileSync(`${root}/damaged/state.json`, '{');
  configureLog({ file: `${root}/log`, format: 'text', isDebug: false });
  const text = list(root, QUIET);
  configureLog({ file: undefined, format: 'text', isDebug: false });
  assert.is(text, 'a\n');
  assert.match(readFileSync(`${root}/log`, 'utf8'), /level=warning msg="list damaged: .*is damaged/);
});

test.run();
