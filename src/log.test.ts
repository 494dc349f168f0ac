import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configureLog, debug, formatEntry, logError, warn, writeAll } from './log.ts';

const test = suite('log');

const folder = mkdtempSync('/tmp/runts-log-');
const TIME = new Date('2025-01-02T03:04:05.678Z');

test.after(() => rmSync(folder, { recursive: true }));
test.after.each(() => configureLog({ file: undefined, format: 'text', isDebug: false }));

test('text entries have the shape of logfmt', () => {
  const text = 'time="2025-01-02T03:04:05.678Z" level=error msg="mount \\"/x\\": EPERM"\n';
  assert.is(formatEntry('error', 'mount "/x": EPERM', 'text', TIME), text);
});

test("JSON entries have runc's fields", () => {
  const entry = JSON.parse(formatEntry('warning', 'a\nb', 'json', TIME));
  assert.equal(entry, { level: 'warning', msg: 'a\nb', time: '2025-01-02T03:04:05.678Z' });
});

test('an entry is always one line', () => {
  for (const format of ['text', 'json'] as const) {
    assert.is(
      formatEntry('error', 'a\nb\r\n', format).indexOf('\n'),
      formatEntry('error', 'a\nb\r\n', format).length - 1,
    );
  }
});

function messages(file: string): [level: string, msg: string][] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line)).map(({ level, msg }) => [level, msg]);
}

test('entries are appended to the file, which only its owner can read', () => {
  const file = `${folder}/entries`;
  configureLog({ file, format: 'json', isDebug: false });
  warn('first');
  logError('second');
  debug(() => 'not asked for');
  assert.equal(messages(file), [
    ['warning', 'first'],
    ['error', 'second'],
  ]);
  assert.is(statSync(file).mode & 0o777, 0o600);
});

test('details go to the file and to the trace when they are asked for', () => {
  const file = `${folder}/details`;
  const traced: string[] = [];
  configureLog({ file, format: 'json', isDebug: true }, (text) => traced.push(text));
  debug(() => 'detail');
  assert.equal([messages(file), traced], [[['debug', 'detail']], ['detail']]);
});

test('without a trace and a file, the text of a detail is not even made', () => {
  let count = 0;
  debug(() => String(count++));
  assert.is(count, 0);
});

test('text that cannot be written is dropped', () => {
  assert.not.throws(() => writeAll(-1, 'nobody reads this'));
});

test.run();
