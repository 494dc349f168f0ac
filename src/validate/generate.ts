// Build step: compiles schemas/*.json with ajv to plain functions, so that the binary does not contain ajv.
// Run: node_modules/.bin/bun src/validate/generate.ts
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { parseJson } from '../bundle/json.ts';
import { compact } from './compact.ts';
import { KEYWORDS, specialize } from './keywords.ts';

const SCHEMAS = join(import.meta.dirname, '../../schemas');

/** Output file to its exported functions and the schemas they check. */
const OUTPUTS: Record<string, Record<string, string>> = {
  // exec and update are given a process or resources without the rest of a config.
  'config.generated.js': {
    isConfig: 'config.schema.json',
    isProcess: 'config-process.schema.json',
    isResources: 'config-linux-resources.schema.json',
  },
  'state.generated.js': { isState: 'state.schema.json' },
  'features.generated.js': { isFeatures: 'features.schema.json' },
};

async function compile(validators: Record<string, string>): Promise<string> {
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    messages: false,
    // Small definitions are compiled into the place that uses them, larger ones become functions.
    inlineRefs: 1,
    keywords: KEYWORDS,
    code: { source: true, esm: true, lines: true, optimize: 2 },
  });
  for (const name of readdirSync(SCHEMAS)) {
    ajv.addSchema(specialize(parseJson(readFileSync(join(SCHEMAS, name)), name)));
  }
  const code = standalone(ajv, validators);
  if (code.includes('require(')) throw new Error('the generated code would load a part of ajv');
  return compact(code);
}

for (const [name, validators] of Object.entries(OUTPUTS)) {
  const code = await compile(validators);
  writeFileSync(join(import.meta.dirname, name), code);
  console.log(`src/validate/${name}: ${code.length} bytes`);
}
