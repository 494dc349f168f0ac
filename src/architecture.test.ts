// The house rules that a machine can check: who may import whom, tests beside the code, what costs too much to use.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('architecture');
const repository = dirname(import.meta.dirname);
const files = ['src', 'bindings'].flatMap((folder) =>
  readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => `${folder}/${name}`),
);
const textOf = (file: string): string => readFileSync(join(repository, file), 'utf8');
const isTest = (file: string): boolean =>
  file.endsWith('.test.ts') || /\/fixtures\//.test(file) || TEST_TOOLS.has(file);
const TEST_TOOLS = new Set(['bindings/root-suite.ts', 'bindings/kernel-headers.ts']);
const sources = files.filter((file) => !isTest(file));

interface Import {
  target: string;
  isType: boolean;
}

function importsOf(file: string): Import[] {
  const statements = textOf(file).matchAll(
    /^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)'|import\('([^']+)'\)/gm,
  );
  return [...statements].map(([, type, from, dynamic]) => {
    const name = from ?? dynamic ?? '';
    const target = name.startsWith('.') ? relative(repository, join(repository, dirname(file), name)) : name;
    return { target, isType: type !== undefined };
  });
}

/** Which folder (or file) may import values from which others of src and bindings; types may come from anywhere. */
const LAYERS: [of: RegExp, may: RegExp, why: string][] = [
  [/^bindings\//, /^bindings\//, 'the kernel knows nothing of containers'],
  [/^src\/errors\.ts$/, /^bindings\/(errno|constants)/, 'everybody uses the errors'],
  [/^src\/bundle\//, /^(bindings\/|src\/(errors|bundle\/|validate\/config))/, 'reads a config'],
  [
    /^src\/validate\//,
    /^(src\/(errors|validate\/|bundle\/(config|json|rlimits))|bindings\/constants|src\/plan\/)/,
    'judges it',
  ],
  [
    /^src\/plan\//,
    /^(bindings\/constants|src\/(errors|plan\/|bundle\/config|validate\/rules\/sysctl))/,
    'decides, makes no call',
  ],
  [/^src\/final\//, /^(bindings\/syscalls|src\/(errors|final\/))/, 'assembles, makes no call'],
  [/^src\/init\//, /^(bindings\/constants|src\/(final\/|init\/|plan\/))/, 'knows the plan only, makes no call'],
  [/^src\/state\//, /^src\/(errors|state\/)/, 'plain files'],
  [/^src\/cgroup\//, /^(bindings\/|src\/(errors|cgroup\/))/, 'cgroups'],
];

test('imports go one way', () => {
  const forbidden = sources.flatMap((file) => {
    const layer = LAYERS.find(([of]) => of.test(file));
    if (layer === undefined) return [];
    const ours = importsOf(file).filter(({ target, isType }) => !isType && /^(src|bindings)\//.test(target));
    return ours.filter(({ target }) => !layer[1].test(target)).map(({ target }) => `${file} → ${target} (${layer[2]})`);
  });
  assert.equal(forbidden, []);
});

/** Who may load a package: the FFI in one place, what is slow to load only where it's loaded on demand. */
const PACKAGES: Record<string, RegExp> = {
  koffi: /^bindings\/koffi/,
  yargs: /^src\/cli\/help-parsers/,
  ajv: /^src\/validate\/(generate|keywords|compact)/,
  debug: /^src\/debug/,
};

test('packages are loaded in one place each', () => {
  for (const file of sources) {
    for (const { target, isType } of importsOf(file)) {
      const name = target.split('/')[0] ?? '';
      const allowed = PACKAGES[name];
      if (allowed !== undefined && !isType) assert.ok(allowed.test(file), `${file} imports ${target}`);
    }
  }
});

/** Without a twin test, and why. */
const UNTESTED: [file: RegExp, why: string][] = [
  [/^src\/operate\//, 'each is a command: conformance/integration runs it'],
  [/^src\/create\/(create|rootfs-mount)\.ts$/, 'a whole container: conformance/integration'],
  [/^src\/bundle\/(bundle|config)\.ts$/, 'conformance/integration/malformed; types only'],
  [/^src\/plan\/(host-facts|rlimits)\.ts$/, 'types; a list of names'],
  [
    /^src\/cli\/(\w+-commands|command-spec|shared-options|descriptions|hidden-folder)\.ts$/,
    'tables, tested by parse.test.ts',
  ],
];

test('logic has a twin test, or a reason', () => {
  const all = new Set(files);
  const missing = sources.filter((file) => {
    const hasTwin = all.has(file.replace(/\.ts$/, '.test.ts'));
    return !hasTwin && !UNTESTED.some(([pattern]) => pattern.test(file));
  });
  assert.equal(missing, []);
});

test('no exception outlives its reason', () => {
  const all = new Set(files);
  const lonely = sources.filter((file) => !all.has(file.replace(/\.ts$/, '.test.ts')));
  const stale = UNTESTED.filter(([pattern]) => !lonely.some((file) => pattern.test(file)));
  assert.equal(
    stale.map(([pattern]) => String(pattern)),
    [],
  );
});

test('every test file runs its suite', () => {
  const silent = files.filter((file) => file.endsWith('.test.ts') && !/\.run\(\)/.test(textOf(file)));
  assert.equal(silent, []);
});

test('files stay short', () => {
  const long = sources.filter((file) => textOf(file).split('\n').length > 251);
  assert.equal(long, []);
});

/** What costs too much in a start, or starts threads. */
const COSTLY = /process\.(stdout|stderr)|node:child_process|fs\/promises|Bun\.spawn/;

test('no stream, thread or child process where a system call does', () => {
  // Comments may speak of them.
  const code = (file: string) => textOf(file).replace(/^\s*(\/\/|\*|\/\*\*).*$/gm, '');
  assert.equal(
    sources.filter((file) => COSTLY.test(code(file)) && !/validate\/generate|cli\/help/.test(file)),
    [],
  );
});

test('what is left to do has an issue, not a comment', () => {
  assert.equal(
    files.filter((file) => file !== 'src/architecture.test.ts' && /\b(TODO|FIXME)\b/.test(textOf(file))),
    [],
  );
});

test.run();
