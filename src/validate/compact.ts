// Shortens the code that ajv generates: every create loads it. Used by the build step only.

const HELPERS = `
function add(errors, instancePath, keyword, params) {
  const error = {instancePath, keyword, params};
  if (errors === null) return [error];
  errors.push(error);
  return errors;
}
`;

// What ajv writes for each error. Where in the schema it comes from is not used: parameters say what is allowed.
const ERROR =
  /const (err\d+) = \{instancePath(?::(.+?))?,schemaPath:.+?,keyword:(".+?"),params:(.+)\};\s*if\(vErrors === null\)\{\s*vErrors = \[\1\];\s*\}\s*else \{\s*vErrors\.push\(\1\);\s*\}/g;
// What ajv hands to each function for keywords and options that are not in use.
const CONTEXT = /,parentData:\w+,parentDataProperty:["\w]+,rootData\}/g;
const PARAMETERS = /, parentData, parentDataProperty, rootData=data\}=\{\}/g;

/** ajv's standalone code, about half as long. Throws if that code does not look as expected. */
export async function compact(code: string): Promise<string> {
  for (const pattern of [ERROR, CONTEXT, PARAMETERS]) {
    if (code.search(pattern) < 0) throw new Error(`ajv's code looks different: nothing matches ${pattern}`);
  }
  const short = code
    .replace(ERROR, (_match, _name, path = 'instancePath', keyword, params) => {
      return `vErrors = add(vErrors,${path},${keyword},${params});`;
    })
    .replace(CONTEXT, '}')
    .replace(PARAMETERS, '}={}');
  if (short.includes('schemaPath')) throw new Error("ajv's code looks different: some errors do not match");
  const files = { '/validators.js': HELPERS + short };
  const built = await Bun.build({ entrypoints: ['/validators.js'], files, format: 'esm', minify: true });
  const [output] = built.outputs;
  if (output === undefined) throw new Error('the bundler gave no output');
  return output.text();
}
