import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { statSync } from '../../bindings/stat.ts';
import { FILE_WORDS } from '../state/kept-engine-layout.ts';
import { isOfAnother } from './another.ts';
import { imageOf } from './image.ts';

const test = suite('kept-engine/another');
const folder = mkdtempSync(join(tmpdir(), 'runts-another-'));
test.after(() => rmSync(folder, { recursive: true }));
const [kept, own, other] = ['kept', 'own', 'other'].map((name) => join(folder, name)) as [string, string, string];

test.before.each(() => {
  for (const path of [own, other]) writeFileSync(path, 'engine');
});

function keep(enginePath: string): void {
  const stateOf = (path: string): bigint[] => statSync(path).words(FILE_WORDS);
  const numbers = { sources: 1n, stack: 0, instruction: 0, threadId: 0, mailbox: 0 };
  const blocks = imageOf({ ...numbers, boot: 'this boot\n', areas: [], parts: [], stateOf, enginePath, calls: [] });
  writeFileSync(kept, Buffer.concat(blocks));
}

test('one of another engine, which is still there', () => {
  keep(other);
  assert.ok(isOfAnother(kept, own, 'this boot\n'));
});

const cases: [what: string, prepare: () => void][] = [
  ['its own', () => keep(own)],
  ['one of another boot', () => keep(other)],
  [
    'one whose engine has been replaced',
    () => {
      keep(other);
      rmSync(other);
      writeFileSync(other, 'newer engine');
    },
  ],
  [
    'one whose engine was changed',
    () => {
      keep(other);
      utimesSync(other, 1, 1);
    },
  ],
  [
    'one whose engine is gone',
    () => {
      keep(other);
      rmSync(other);
    },
  ],
  ['a damaged one', () => writeFileSync(kept, 'RKENES01')],
  ['none', () => rmSync(kept, { force: true })],
];
for (const [what, prepare] of cases) {
  test(`${what} isn't`, () => {
    prepare();
    assert.not(isOfAnother(kept, own, what.endsWith('boot') ? 'next boot\n' : 'this boot\n'));
  });
}

test.run();
