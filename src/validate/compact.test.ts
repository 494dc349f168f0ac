import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compact } from './compact.ts';
import type { ShapeCheck } from './shape.ts';

const test = suite('validate/compact');

const schema = {
  $id: 'x',
  type: 'object',
  required: ['a'],
  properties: { a: { $ref: '#/definitions/list' }, b: { $ref: '#/definitions/list' } },
  definitions: { list: { type: 'array', items: { type: 'boolean' } } },
};

function generated(): string {
  const ajv = new Ajv({
    allErrors: true,
    messages: false,
    inlineRefs: 1,
    code: { source: true, esm: true, lines: true },
  });
  ajv.addSchema(schema);
  return standalone(ajv, { check: 'x' });
}

test('the compact code finds the same, without schema paths', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'runts-compact-'));
  writeFileSync(join(folder, 'check.js'), await compact(generated()));
  const { check } = (await import(join(folder, 'check.js'))) as { check: ShapeCheck };
  rmSync(folder, { recursive: true });
  assert.ok(check({ a: [true] }));
  assert.not(check({ b: [1, true, 'x'] }));
  const type = { type: 'boolean' };
  assert.equal(check.errors, [
    { instancePath: '', keyword: 'required', params: { missingProperty: 'a' } },
    { instancePath: '/b/0', keyword: 'type', params: type },
    { instancePath: '/b/2', keyword: 'type', params: type },
  ]);
});

test('it is much shorter', async () => {
  const code = generated();
  assert.ok((await compact(code)).length < code.length / 2);
});

test('code that looks different is refused', async () => {
  const message = await compact('export const check = () => true;').then(String, String);
  assert.match(message, /looks different/);
});

test.run();
