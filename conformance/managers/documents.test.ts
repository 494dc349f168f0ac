// docs/managers.md shows nothing that isn't tried: the files are those in config/, the commands those of checks.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { repository } from '../runtime.ts';
import { managers } from './managers.ts';

const test = suite('managers/documents');
const text = readFileSync(join(repository, 'docs/managers.md'), 'utf8');
const blocks = [...text.matchAll(/```(\w+)\n(.*?)```/gs)].map(([, language = '', block = '']) => ({ language, block }));
const tried = blocks.filter(({ block }) => !block.startsWith('# not tried'));

test('the files are those that the managers get', () => {
  const folder = join(import.meta.dirname, 'config');
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const shown = tried.filter(({ language }) => language !== 'sh').map(({ block }) => block);
  assert.equal(shown.sort(), files.sort());
});

test('the commands are run by checks', () => {
  const shorthands: [string, string][] = [
    ['ctr run --runc-binary /usr/local/sbin/runts', 'run'],
    ['docker.io/library/busybox:latest', '$BUSYBOX'],
    ['/usr/local/sbin/runts', '$RUNTIME'],
  ];
  const scripts = Object.values(managers)
    .flat()
    .map(([, script]) => script);
  const commands = tried.filter(({ language }) => language === 'sh').flatMap(({ block }) => block.trim().split('\n'));
  const missing = commands.filter((command) => {
    const typed = shorthands.reduce((line, [long, short]) => line.replaceAll(long, short), command);
    return !scripts.some((script) => script.includes(typed));
  });
  assert.ok(commands.length > 4);
  assert.equal(missing, []);
});

test('the table has all checks', () => {
  const missing = Object.values(managers)
    .flat()
    .filter(([name]) => !text.includes(`| ${name} | `));
  assert.equal(
    missing.map(([name]) => name),
    [],
  );
});

test('names are unique, so that a result belongs to one check', () => {
  for (const checks of Object.values(managers)) {
    const names = checks.map(([name]) => name);
    assert.equal(names.length, new Set(names).size);
  }
});

test.run();
