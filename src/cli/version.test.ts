import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { versionText } from './version.ts';

const test = suite('cli/version');

const info = { version: '0.1.0', commit: 'v0.1.0-3-gabc', spec: '1.3.0', engine: 'bun 1.4.5' };

test('the layout is that of runc', () => {
  const expected = 'runts version 0.1.0\ncommit: v0.1.0-3-gabc\nspec: 1.3.0\nengine: bun 1.4.5\n';
  assert.is(versionText(info), expected);
});

test('a build outside a repository has no commit line', () => {
  assert.is(versionText({ ...info, commit: '' }), 'runts version 0.1.0\nspec: 1.3.0\nengine: bun 1.4.5\n');
});

test.run();
