import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('validate/generate');

const SIZES: [file: string, bytes: number][] = [
  ['config.generated.js', 45_000],
  ['state.generated.js', 3_000],
  ['features.generated.js', 15_000],
];
for (const [file, bytes] of SIZES) {
  test(`${file} is small and needs no other module`, () => {
    const code = readFileSync(join(import.meta.dirname, file), 'utf8');
    assert.ok(code.length < bytes, `${code.length} bytes`);
    assert.not.match(code, /\brequire\(|\bimport\b/);
  });
}

test.run();
