import { closeSync, fstatSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { givePipes } from './streams.ts';

const test = suite('create/streams');

const owners = (): (number | undefined)[] => [0, 1, 2].map((fd) => fstatSync(fd).uid);

test('what belongs to the user, or is no pipe, is left alone', () => {
  const before = owners();
  givePipes(process.pid, process.getuid?.() ?? 0);
  assert.equal(owners(), before);
});

test('a user that the namespace does not have gets nothing', () => {
  const before = owners();
  givePipes(process.pid, 2 ** 32 - 1);
  assert.equal(owners(), before);
});

test('a closed stream is nothing to worry about', () => {
  closeSync(0);
  givePipes(process.pid, process.getuid?.() ?? 0);
});

test.run();
