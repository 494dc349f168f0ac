import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
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

test('the schemas are plain JSON Schema, for any validator', () => {
  const folder = join(import.meta.dirname, '../../schemas');
  const ajv = new Ajv({ strict: true, allowUnionTypes: true });
  for (const name of readdirSync(folder)) ajv.addSchema(JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const full = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/full.json'), 'utf8'));
  assert.ok(ajv.validate('config.schema.json', full));
  assert.not(ajv.validate('config.schema.json', { ...full, root: { path: '' } }));
});

test.run();
