// Malformed bundles: each gives one line, and nothing is made.
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { isRunts } from '../runtime.ts';
import { leftovers, snapshot } from './leftovers.ts';
import { integration, testUnless } from './suite.ts';

const { test, runtime } = integration('malformed');

interface Case {
  what: string;
  write: (path: string, good: string) => void;
  shown: RegExp;
  /** What runc does instead. */
  runc?: string;
}

const text = (change: (good: string) => string | Uint8Array) => (path: string, good: string) =>
  writeFileSync(path, change(good));

const CASES: Case[] = [
  { what: 'missing', write: () => {}, shown: /config\.json/ },
  { what: 'empty', write: text(() => ''), shown: /config\.json|EOF/ },
  { what: 'white space', write: text(() => ' \n\n'), shown: /config\.json|EOF/ },
  { what: 'not JSON', write: text(() => 'hello'), shown: /config\.json|invalid/ },
  { what: 'cut off', write: text((good) => good.slice(0, -20)), shown: /config\.json|EOF/ },
  { what: 'followed by garbage', write: text((good) => `${good}x`), shown: /config\.json/, runc: 'stops reading' },
  { what: 'two documents', write: text((good) => good + good), shown: /config\.json/, runc: 'stops reading' },
  { what: 'with a comment', write: text((good) => `// hi\n${good}`), shown: /config\.json|invalid/ },
  { what: 'a list', write: text(() => '[]'), shown: /config\.json|array/ },
  { what: 'a string', write: text(() => '"x"'), shown: /config\.json|string/ },
  { what: 'null', write: text(() => 'null'), shown: /config\.json|./ },
  { what: 'an empty object', write: text(() => '{}'), shown: /ociVersion|process|root/ },
  { what: 'a folder', write: (path) => mkdirSync(path), shown: /config\.json.*(EISDIR|directory|regular)/ },
  {
    what: '50 MB large',
    write: text((good) => good.replace('{', `{"x": "${'y'.repeat(50_000_000)}",`)),
    shown: /config\.json/,
    runc: 'reads it',
  },
  {
    what: '100 GB large',
    write: (path) => {
      writeFileSync(path, '');
      truncateSync(path, 1e11);
    },
    shown: /config\.json: must have at most/,
    runc: 'reads it',
  },
  {
    what: 'nested 100,000 deep',
    write: text((good) => good.replace('{', `{"x": ${'['.repeat(100_000)}${']'.repeat(100_000)},`)),
    shown: /config\.json|depth/,
  },
  {
    what: 'with a duplicate key',
    write: text((good) => good.replace('"hostname"', '"hostname": "first", "hostname"')),
    shown: /hostname/,
    runc: 'takes the last',
  },
  {
    what: 'not UTF-8',
    write: text((good) =>
      Buffer.concat([Buffer.from(good.replace(/}\s*$/, ',"x":"')), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
    ),
    shown: /UTF-8/i,
    runc: 'replaces the bytes',
  },
  {
    what: 'a FIFO',
    write: (path) => void Bun.spawnSync(['mkfifo', path]),
    shown: /config\.json/,
    runc: 'waits for ever',
  },
  { what: 'a device without end', write: (path) => symlinkSync('/dev/zero', path), shown: /config\.json|invalid/ },
  { what: 'a symlink to itself', write: (path) => symlinkSync(path, path), shown: /config\.json/ },
  { what: 'NUL bytes', write: text(() => '\0'.repeat(1000)), shown: /config\.json|invalid/ },
];

for (const { what, write, shown, runc } of CASES) {
  testUnless(
    isRunts || runc === undefined ? undefined : `runc ${runc}`,
    test,
    `config.json that is ${what} gives one line`,
    () => {
      const before = snapshot(runtime);
      const bundle = runtime.bundle();
      const path = join(bundle.directory, 'config.json');
      const good = JSON.stringify(bundle.config);
      rmSync(path);
      write(path, good);
      const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
      assert.match(line, shown);
      assert.ok(line.length < 1000, `${line.length} characters`);
      assert.equal(leftovers(before), []);
    },
  );
}

const WRONG: [what: string, from: string, to: string, pointer: string][] = [
  ['a number for a string', '"hostname":"box"', '"hostname":5', '/hostname'],
  ['a string for a list', '"args":["true"]', '"args":"true"', '/process/args'],
  ['a string for a boolean', '"readonly":false', '"readonly":"no"', '/root/readonly'],
  ['a fraction for an integer', '"uid":0', '"uid":0.5', '/process/user/uid'],
  ['a negative id', '"uid":0', '"uid":-1', '/process/user/uid'],
  ['an id that is too large', '"gid":0', '"gid":4294967296', '/process/user/gid'],
  ['an object for a list', '"mounts":[', '"mounts":{"x":[', '/mounts'],
  ['a missing destination', '"destination":"/proc",', '', '/mounts/0'],
  ['an environment of numbers', '"env":[', '"env":[1,', '/process/env/0'],
  ['a NUL in a string', '"hostname":"box"', '"hostname":"b\\u0000x"', '/hostname'],
  ['a NUL in an argument', '"args":["true"]', '"args":["true","a\\u0000b"]', '/process/args/1'],
];
for (const [what, from, to, pointer] of WRONG) {
  testUnless(isRunts ? undefined : 'runc has no JSON pointers', test, `${what} is refused at ${pointer}`, () => {
    const bundle = runtime.bundle();
    let changed = JSON.stringify(bundle.config).replace(from, to);
    if (to.includes('{"x":[')) changed = changed.replace('}],"linux"', '}]},"linux"');
    writeFileSync(join(bundle.directory, 'config.json'), changed);
    assert.match(runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]), pointer);
  });
}

testUnless(isRunts ? undefined : 'runc stops at the first', test, 'all problems are reported at once', () => {
  const bundle = runtime.bundle({ process: { cwd: 'relative', oomScoreAdj: 5000 }, linux: { rootfsPropagation: 'x' } });
  const line = runtime.fails(['create', '--bundle', bundle.directory, runtime.id()]);
  for (const pointer of ['/process/cwd', '/process/oomScoreAdj', '/linux/rootfsPropagation'])
    assert.match(line, pointer);
});

test.run();
