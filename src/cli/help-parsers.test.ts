import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { globals } from './commands.ts';
import { newParser, optionsParser } from './help-parsers.ts';
import { nowhere } from './hidden-folder.ts';

const test = suite('cli/help-parsers');

test('yargs looks for texts in a place that cannot exist, whatever the locale', () => {
  assert.is(newParser().locale(), nowhere);
});

test('yargs neither exits nor adds options of its own', () => {
  assert.equal(Object.keys(newParser().parseSync([])), ['_', '$0']);
});

test('the global options end at the command', () => {
  const { debug, _: words } = optionsParser(globals).parseSync(['--debug', 'create', '--bundle', '/b']);
  assert.equal([debug, words], [true, ['create', '--bundle', '/b']]);
});

test.run();
