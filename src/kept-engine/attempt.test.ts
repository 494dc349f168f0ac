import {
  closeSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { beginAttempt, leaveNote } from './attempt.ts';

const test = suite('kept-engine/attempt');
const folder = mkdtempSync(join(tmpdir(), 'runts-attempt-'));
const path = join(folder, 'engine');
test.before.each(() => rmSync(path, { force: true }));
test.after(() => rmSync(folder, { recursive: true }));

/** Makes one, and doesn't finish it. */
function attempt(what: string): boolean {
  const begun = beginAttempt(path, what);
  if (begun !== undefined) closeSync(begun.fd);
  return begun !== undefined;
}

test('the third one is the last', () => {
  assert.equal(
    [1, 2, 3, 4, 5].map(() => attempt('this\n')),
    [true, true, true, false, false],
  );
});

test('attempts at something else don’t count', () => {
  for (const what of ['this\n', 'this\n', 'this\n', 'that\n']) assert.ok(attempt(what));
  assert.is(readFileSync(path, 'latin1'), 'that\n');
  assert.ok(attempt('that\n'));
});

test('while there’s one there’s no other', () => {
  const begun = beginAttempt(path, 'this\n');
  assert.not(attempt('this\n'));
  closeSync(begun?.fd ?? -1);
  assert.ok(attempt('this\n'));
});

test('what has been written goes, but it’s known that it was tried', () => {
  const begun = beginAttempt(path, 'this\n');
  assert.ok(begun);
  writeFileSync(path, 'x'.repeat(10_000), { flag: 'r+' });
  leaveNote(begun);
  assert.is(readFileSync(path, 'latin1'), 'this\n');
  writeFileSync(path, 'x'.repeat(10_000), { flag: 'a' });
  closeSync(begun.fd);
  assert.ok(attempt('this\n'));
  assert.is(readFileSync(path, 'latin1'), 'this\nthis\n');
});

test('what has got another name is left alone', () => {
  const begun = beginAttempt(path, 'this\n');
  renameSync(path, `${path}:0`);
  assert.ok(attempt('this\n'));
  assert.is(readFileSync(`${path}:0`, 'latin1'), 'this\n');
  closeSync(begun?.fd ?? -1);
});

test('it’s for the owner only, whatever the umask', () => {
  const umask = process.umask(0o777);
  attempt('this\n');
  process.umask(umask);
  assert.is(statSync(path).mode & 0o777, 0o600);
});

test('a link isn’t followed', () => {
  symlinkSync(join(folder, 'other'), path);
  assert.throws(() => beginAttempt(path, 'this\n'), /ELOOP/);
});

test.run();
