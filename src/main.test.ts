// What a start loads: a hot command must not pay for yargs, debug or ajv's compiler.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gather } from './gather.ts';

const test = suite('main');

/** How these packages are imported. */
const MARKS: Record<string, RegExp> = {
  yargs: /['"]yargs/,
  debug: /from\s*['"]debug/,
  "ajv's compiler": /['"]ajv|strictSchema|addMetaSchema|schema with key or id/,
};

const chunks = new Map((await gather()).map(({ fileName, code }) => [fileName, code]));

/** A chunk and all that it imports statically. */
function loadedWith(chunks: Map<string, string>, name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const text = chunks.get(name) ?? '';
  for (const [, target = ''] of text.matchAll(/(?:from|^import)\s*'\.\/([^']+)'/gm)) loadedWith(chunks, target, found);
  return found;
}

/** Every command needs these. */
const always = loadedWith(chunks, 'main.js');

test('all that every command needs is in one file beside the entry', () => {
  assert.equal([...always], ['main.js', 'core.js']);
});

test('what every command loads is not imported on demand as well', () => {
  for (const [name, text] of chunks) assert.not.match(text, /import\('\.\/(core|main)\.js'\)/, name);
});

test('the marks are good: what loads help has yargs in it, and the trace has debug', () => {
  const has = (name: string, mark: RegExp | undefined) =>
    [...loadedWith(chunks, name)].some((file) => mark?.test(chunks.get(file) ?? ''));
  assert.ok(has('help-parsers.js', MARKS.yargs));
  assert.ok(has('debug.js', MARKS.debug));
});

test('no command pays for the packages that few need', () => {
  for (const name of always) {
    for (const [what, mark] of Object.entries(MARKS))
      assert.not.match(chunks.get(name) ?? '', mark, `${what} in ${name}`);
  }
});

test('what limits need is loaded only for containers that have limits', () => {
  const marks = {
    limits: /memory\.soft_limit_in_bytes/,
    'device programs': /runts_devices/,
    ownership: /cgroup\/delegate/,
  };
  for (const [what, mark] of Object.entries(marks)) {
    assert.ok(
      [...chunks.values()].some((text) => mark.test(text)),
      what,
    );
    for (const name of always) assert.not.match(chunks.get(name) ?? '', mark, `${what} in ${name}`);
  }
});

test('no command loads a module of the engine', () => {
  for (const name of always) assert.not.match(chunks.get(name) ?? '', /from\s*'(node:|bun:|fs|path|os)/, name);
});

test.run();
