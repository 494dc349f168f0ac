import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SyscallError } from '../../bindings/errno.ts';
import { removeTree } from './remove-tree.ts';

const test = suite('state/remove-tree');

const folder = mkdtempSync('/tmp/runts-remove-tree-');
const path = (name: string) => `${folder}/${name}`;
test.after(() => rmSync(folder, { recursive: true }));

test('files, links and folders go, but not what links lead to', () => {
  mkdirSync(path('kept'));
  writeFileSync(path('kept/file'), '');
  mkdirSync(path('tree/a/b'), { recursive: true });
  mkdirSync(path('tree/a/c/d/e'), { recursive: true });
  for (const link of ['tree/link', 'tree/a/link', 'tree/a/c/link']) symlinkSync(path('kept'), path(link));
  writeFileSync(path('tree/a/c/file'), 'x');
  writeFileSync(Buffer.concat([Buffer.from(path('tree/a/')), Buffer.from([0xff, 0xfe])]), 'x');
  removeTree(path('tree'));
  assert.not(existsSync(path('tree')));
  assert.ok(existsSync(path('kept/file')));
});

test('a tree is removed that is deeper than descriptors and paths reach', () => {
  mkdirSync(path('deep'));
  // From the inside out: no path of it is long.
  for (let level = 0; level < 1100; level++) {
    mkdirSync(path('outer'));
    renameSync(path('deep'), path('outer/ddd'));
    renameSync(path('outer'), path('deep'));
  }
  removeTree(path('deep'));
  assert.not(existsSync(path('deep')));
});

test('a link in place of the folder is an error', () => {
  symlinkSync(path('kept'), path('link'));
  assert.throws(
    () => removeTree(path('link')),
    (error: unknown) => error instanceof SyscallError,
  );
  assert.ok(existsSync(path('kept/file')));
});

test.run();
