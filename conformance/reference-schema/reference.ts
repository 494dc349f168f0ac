// The specification's own JSON Schema as functions, for the tests.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';

const OTHER_PLATFORMS = ['solaris', 'windows', 'vm', 'zos', 'freebsd'];

export type ReferenceName = 'config-schema' | 'state-schema' | 'features-schema';

/** What a document breaks of a schema, as text; empty if it is good. */
export function reference(name: ReferenceName): (value: unknown) => string {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  for (const file of ['config-linux', 'defs', 'defs-linux', 'features-linux', name]) {
    const { $schema: _draft4, ...schema } = JSON.parse(readFileSync(join(import.meta.dirname, `${file}.json`), 'utf8'));
    for (const platform of OTHER_PLATFORMS) delete schema.properties?.[platform];
    ajv.addSchema(schema, `${file}.json`);
  }
  return (value) => (ajv.validate(`${name}.json`, value) ? '' : ajv.errorsText());
}
