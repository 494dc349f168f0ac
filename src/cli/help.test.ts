import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CommandSpec } from './command-spec.ts';
import { commands, globals, isCommandName } from './commands.ts';
import { renderHelp } from './help.ts';

const test = suite('cli/help');
const names = Object.keys(commands).filter(isCommandName);

test('the general help shows every command and global option', async () => {
  const help = await renderHelp();
  for (const name of names) assert.match(help, new RegExp(`^  runts ${name} `, 'm'));
  for (const name of Object.keys(globals.options)) assert.match(help, ` --${name} `);
});

for (const name of names) {
  test(`the help of ${name} shows its usage and every option`, async () => {
    // Where lines break depends on the terminal.
    const help = (await renderHelp(name)).replace(/\s+/g, ' ');
    const spec: CommandSpec = commands[name];
    assert.match(help, `runts ${name} - ${spec.summary}`);
    assert.match(help, spec.arguments.text);
    for (const option of Object.keys(spec.options)) assert.match(help, ` --${option} `);
    assert.is(help.includes('(not supported yet) Usage:'), !spec.implemented);
  });
}

test('help is no wider than the terminal', async () => {
  const wide = await renderHelp('run');
  const narrow = await renderHelp('run', 60);
  assert.ok(wide.split('\n').some((line) => line.length > 60));
  assert.ok(narrow.split('\n').length > wide.split('\n').length);
});

test('help is at most 110 columns wide and ends with one line feed', async () => {
  for (const help of await Promise.all([renderHelp(), ...names.map((name) => renderHelp(name))])) {
    assert.ok(help.split('\n').every((line) => line.length <= 110));
    assert.match(help, /[^\n]\n$/);
  }
});

test.run();
