import { existsSync, realpathSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('cli/hidden-folder');
const before = process.cwd();

test('the current folder is hidden until it is shown again', async () => {
  const { nowhere, showFolder } = await import('./hidden-folder.ts');
  assert.is(process.cwd(), nowhere);
  assert.not(existsSync(nowhere));
  showFolder();
  assert.is(process.cwd(), before);
});

test('yargs leaves the current folder shown', async () => {
  await import('./help-parsers.ts');
  assert.is(process.cwd(), realpathSync('.'));
});

test.run();
