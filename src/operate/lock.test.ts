import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LOCK_EX, LOCK_NB } from '../../bindings/constants.ts';
import { flock } from '../../bindings/files.ts';
import { RuntimeError, StateError } from '../errors.ts';
import { lockAgain, lockFolder, lockFolderSoon, unlock } from './lock.ts';

const test = suite('operate/lock');
const root = mkdtempSync('/tmp/runts-lock-');

test('a locked folder cannot be locked by another', () => {
  mkdirSync(`${root}/one`);
  const fd = lockFolder(root, 'one');
  const other = openSync(`${root}/one`, 'r');
  assert.throws(() => flock(other, LOCK_EX | LOCK_NB), /EAGAIN/);
  closeSync(fd);
  flock(other, LOCK_EX | LOCK_NB);
  closeSync(other);
});

test('a folder that was removed and made anew is locked, not the old one', () => {
  mkdirSync(`${root}/two`);
  const old = openSync(`${root}/two`, 'r');
  rmdirSync(`${root}/two`);
  mkdirSync(`${root}/two`);
  flock(old, LOCK_EX | LOCK_NB);
  const fd = lockFolder(root, 'two');
  const other = openSync(`${root}/two`, 'r');
  assert.throws(() => flock(other, LOCK_EX | LOCK_NB), /EAGAIN/);
  for (const one of [old, fd, other]) closeSync(one);
});

test('a container that does not exist is an error', () => {
  assert.throws(
    () => lockFolder(root, 'none'),
    (error: unknown) => error instanceof StateError,
  );
});

test('one may wait for a lock for a limited time only, and gets to know who holds it', () => {
  mkdirSync(`${root}/three`);
  const fd = lockFolder(root, 'three');
  const waited: number[] = [];
  const isNamed = (error: unknown) =>
    error instanceof RuntimeError && error.reason === `process ${process.pid} is still working on the container`;
  assert.throws(() => lockFolderSoon(root, 'three', (ms) => waited.push(ms), 50), isNamed);
  assert.ok(waited.length > 1 && (waited.at(-1) ?? 0) >= 10);
  const soon = lockFolderSoon(root, 'three', () => closeSync(fd));
  closeSync(soon);
});

test('a lock that was given back is taken again, unless the container was deleted meanwhile', () => {
  mkdirSync(`${root}/four`);
  const fd = lockFolder(root, 'four');
  unlock(fd);
  const other = lockFolder(root, 'four');
  closeSync(other);
  assert.is(lockAgain(root, 'four', fd), true);
  rmdirSync(`${root}/four`);
  assert.is(lockAgain(root, 'four', fd), false);
  closeSync(fd);
});

test.after(() => rmSync(root, { recursive: true }));
test.run();
