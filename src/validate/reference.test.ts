// Compares this project's schemas and rules with the specification's own JSON Schema (conformance/reference-schema).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../conformance/reference-schema/reference.ts';
import type { Config } from '../bundle/config.ts';
import { parseJson } from '../bundle/json.ts';
import { ConfigError } from '../errors.ts';
import { validateConfig } from './config.ts';
import { smallConfig } from './fixtures/cases.ts';
import { type Disagreement, MORE_LENIENT, STRICTER } from './fixtures/disagreements.ts';
import { changed, type Mutant, mutants } from './fixtures/mutations.ts';
import { schemaProblems } from './schema.ts';

const test = suite('validate/reference');

const problemsOf = reference('config-schema');
const acceptsReference = (value: unknown): boolean => problemsOf(value) === '';

interface Verdict {
  reference: boolean;
  /** The schemas alone. */
  shape: boolean;
  /** Schemas and rules. */
  whole: boolean;
}

function judge(text: string): Verdict {
  const value = parseJson(new TextEncoder().encode(text), 'config.json');
  return {
    // ajv does not know bigint, so the reference gets what JSON.parse makes of big integers.
    reference: acceptsReference(JSON.parse(text)),
    shape: schemaProblems(value).length === 0,
    whole: isAccepted(value),
  };
}

function isAccepted(value: unknown): boolean {
  try {
    validateConfig(value);
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}
const fixture = (name: string): Config => {
  const file = `${name}.json`;
  return parseJson(readFileSync(join(import.meta.dirname, 'fixtures', file)), file) as Config;
};

// What containerd writes into rootfsPropagation is a disagreement of its own.
const kubernetes = fixture('kubernetes');
delete kubernetes.linux?.rootfsPropagation;
const BASES = { full: fixture('full'), docker: fixture('docker'), kubernetes, small: smallConfig() };
const CASES = 4000;

function isExplained(table: Disagreement[], { pointer, value = '-' }: Mutant): boolean {
  const place = pointer.replace(/\/\d+(?=\/|$)/g, '/#');
  const number = /^-?\d/.test(value) ? (/^-?\d{16,}$/.test(value) ? BigInt(value) : Number(value)) : undefined;
  return table.some(({ at, when }) => {
    if (!at.test(place)) return false;
    if (typeof when === 'function') return number !== undefined && when(number);
    return when === undefined || when.test(value);
  });
}

test('the bases are good on both sides', () => {
  for (const base of Object.values(BASES)) {
    assert.ok(
      acceptsReference(JSON.parse(JSON.stringify(base, (_key, value) => (typeof value === 'bigint' ? 0 : value)))),
    );
    assert.ok(isAccepted(base));
  }
});

test(`${CASES} changed configs are judged alike, or there is a reason`, () => {
  const unexplained: string[] = [];
  for (const mutant of mutants(BASES, CASES, 20251)) {
    const { reference, shape, whole } = judge(mutant.text);
    const name = `${mutant.base}: ${mutant.pointer} = ${mutant.value ?? '(missing)'}`;
    if (reference && !shape && !isExplained(STRICTER, mutant)) unexplained.push(`refused here only: ${name}`);
    if (!reference && whole && !isExplained(MORE_LENIENT, mutant)) unexplained.push(`accepted here only: ${name}`);
  }
  assert.equal(unexplained, []);
});

for (const { why, example } of STRICTER) {
  const [pointer, value] = example;
  test(`${pointer} = ${value ?? '(missing)'} is refused here only: ${why}`, () => {
    const mutant = changed({ base: 'full', pointer, value }, fixture('full'));
    assert.ok(isExplained(STRICTER, mutant));
    assert.equal(judge(mutant.text), { reference: true, shape: false, whole: false });
  });
}

for (const { why, example } of MORE_LENIENT) {
  const [pointer, value] = example;
  test(`${pointer} = ${value ?? '(missing)'} is accepted here only: ${why}`, () => {
    const mutant = changed({ base: 'full', pointer, value }, fixture('full'));
    assert.ok(isExplained(MORE_LENIENT, mutant));
    assert.equal(judge(mutant.text), { reference: false, shape: true, whole: true });
  });
}

test('a bad consoleSize without terminal is accepted here only: config.md says it MUST be ignored', () => {
  const config = { ...smallConfig(), process: { cwd: '/', args: ['sh'], consoleSize: { height: -1 } } };
  assert.equal(judge(JSON.stringify(config)), { reference: false, shape: true, whole: true });
});

test.run();
