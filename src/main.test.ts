// What a start loads: a hot command must not pay for yargs, debug or ajv's compiler.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('main');
const repository = dirname(import.meta.dirname);

/** Text that only these packages have in a bundle. */
const MARKS: Record<string, RegExp> = {
  yargs: /YError/,
  debug: /createDebug/,
  "ajv's compiler": /strictSchema|addMetaSchema|schema with key or id/,
};

/** The chunks that the build makes, by name. */
function buildChunks(): Map<string, string> {
  const folder = mkdtempSync('/tmp/runts-chunks-');
  const args = ['build', 'src/main.ts', '--target=bun', '--format=esm', '--splitting', `--outdir=${folder}`];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: repository, encoding: 'utf8' });
  assert.is(status, 0, stderr);
  const chunks = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
  rmSync(folder, { recursive: true });
  return new Map(chunks);
}

/** A chunk and all that it imports statically. */
function loadedWith(chunks: Map<string, string>, name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const text = chunks.get(name) ?? '';
  for (const [, target = ''] of text.matchAll(/(?:from|^import)\s*"\.\/([^"]+)"/gm)) loadedWith(chunks, target, found);
  return found;
}

const chunks = buildChunks();
const named = (start: string): string => [...chunks.keys()].find((name) => name.startsWith(start)) ?? `no ${start}`;

test('the marks are good: what loads help has yargs in it, and the trace has debug', () => {
  const has = (start: string, mark: RegExp | undefined) =>
    [...loadedWith(chunks, named(start))].some((name) => mark?.test(chunks.get(name) ?? ''));
  assert.ok(has('help-', MARKS.yargs));
  assert.ok(has('debug-', MARKS.debug));
});

for (const command of ['main', 'dispatch-', 'create-', 'run-', 'start-', 'state-', 'kill-', 'delete-', 'list-']) {
  test(`loading ${command} loads none of them`, () => {
    const loaded = loadedWith(chunks, command === 'main' ? 'main.js' : named(command));
    for (const name of loaded) {
      assert.ok(chunks.has(name), `${name} is a chunk`);
      for (const [what, mark] of Object.entries(MARKS)) {
        assert.not.match(chunks.get(name) ?? '', mark, `${what} in ${name}`);
      }
    }
  });
}

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
    for (const command of ['create-', 'run-', 'start-', 'state-', 'delete-']) {
      for (const name of loadedWith(chunks, named(command))) {
        assert.not.match(chunks.get(name) ?? '', mark, `${what} in ${name}`);
      }
    }
  }
});

test('no command loads a module of the engine', () => {
  for (const command of ['main', 'state-', 'list-', 'create-', 'run-', 'start-', 'kill-', 'delete-']) {
    for (const name of loadedWith(chunks, command === 'main' ? 'main.js' : named(command)))
      assert.not.match(chunks.get(name) ?? '', /from\s*"(node:|bun:|fs|path|os)/, name);
  }
});

test.run();
