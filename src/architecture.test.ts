// The house rules that a machine can check: who may import whom, tests beside the code, what costs too much to use.
import { spawnSync } from 'node:child_process';
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
    /^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)'|import\('([^']+)'\)|^import\s+'([^']+)'/gm,
  );
  return [...statements].map(([, type, from, dynamic, effect]) => {
    const name = from ?? dynamic ?? effect ?? '';
    const target = name.startsWith('.') ? relative(repository, join(repository, dirname(file), name)) : name;
    return { target, isType: type !== undefined };
  });
}

/**
 * Which folder (or file) may import values from which others of src and bindings; types may come from anywhere. The
 * order is that of docs/architecture.md, so each line imports from lines above it but where its reason tells otherwise.
 */
const LAYERS: [of: RegExp, may: RegExp, why: string][] = [
  [/^bindings\//, /^bindings\//, 'the kernel knows nothing of containers'],
  [/^src\/errors\.ts$/, /^bindings\/(errno|constants)/, 'everybody uses the errors'],
  [
    /^src\/(log|signals|execution-error)\.ts$/,
    /^(bindings\/(file-system|stat)|src\/errors)/,
    'what the user reads and writes',
  ],
  [
    /^src\/(array-methods|debug|build|gather|huge-pages)\.ts$/,
    /^$/,
    'alone: loaded first, on demand, or when runts is built',
  ],
  [/^src\/cli\//, /^src\/(errors|cli\/)/, 'words only: it knows no operation'],
  [
    /^src\/bundle\//,
    /^(bindings\/(constants|file-system|stat)|src\/(errors|bundle\/|validate\/config))/,
    'reads a config; what it returns is validated, so this one import goes down',
  ],
  [
    /^src\/validate\//,
    /^(bindings\/constants|src\/(errors|validate\/|bundle\/(config|json|rlimits)|plan\/))/,
    'judges a config, by the tables of the plan',
  ],
  [
    /^src\/plan\//,
    /^(bindings\/constants|src\/(errors|plan\/|bundle\/config|validate\/rules\/sysctl))/,
    'decides, makes no call',
  ],
  [/^src\/state\//, /^(bindings\/(constants|file-system|stat)|src\/(errors|state\/))/, 'plain files'],
  [/^src\/cgroup\//, /^(bindings\/|src\/(errors|cgroup\/))/, 'files, and the end of processes'],
  [/^src\/final\//, /^(bindings\/(syscalls|constants)|src\/(errors|final\/))/, 'assembles, makes no call'],
  [
    /^src\/launcher\//,
    /^(bindings\/syscalls|src\/(final\/|launcher\/|state\/((brief|kept-exec|kept-engine|foreground)-layout|launcher-variables)))/,
    'assembled when runts is built',
  ],
  [/^src\/(protocol|spawn)\.ts$/, /^(bindings\/|src\/final\/)/, 'starts programs and reads their reports'],
  [/^src\/init\//, /^(bindings\/constants|src\/(final\/|init\/|plan\/))/, 'knows the plan only, makes no call'],
  [
    /^src\/hooks\.ts$/,
    /^(bindings\/|src\/(errors|log|bundle\/config|plan\/|state\/|final\/|protocol|spawn|init\/|create\/host))/,
    'runs programs for others; of create only what the caller was',
  ],
  [
    /^src\/run-program\.ts$/,
    /^(bindings\/|src\/(errors|final\/|protocol|spawn|init\/privileges))/,
    'runs programs for their output',
  ],
  [
    /^src\/create\//,
    /^(bindings\/|src\/(errors|log|execution-error|bundle\/|plan\/|state\/|cgroup\/|final\/|protocol|spawn|init\/|hooks|create\/))/,
    "the runtime's side: no command, no other operation",
  ],
  [
    /^src\/operate\//,
    /^(bindings\/|src\/(errors|log|build|signals|execution-error|state\/|plan\/|cgroup\/|final\/report|hooks|run-program|create\/|operate\/|bundle\/|validate\/config))/,
    'one command each: no command line',
  ],
  [
    /^src\/kept-engine\//,
    /^(bindings\/|src\/(errors|log|spawn|(bundle|cgroup|cli|final|init|kept-engine|launcher|plan|state|validate)\/|create\/(host|keep-exec|seccomp)|operate\/spec))/,
    'goes once through what commands do',
  ],
  [
    /^src\/main\.ts$/,
    /^src\/(array-methods|errors|log|build|debug|cli\/|kept-engine\/|operate\/(columns|dispatch))/,
    'the entry',
  ],
];

const ours = (file: string): Import[] =>
  importsOf(file).filter(({ target, isType }) => !isType && /^(src|bindings)\//.test(target));

test('imports go one way', () => {
  const forbidden = sources.flatMap((file) => {
    const layer = LAYERS.find(([of]) => of.test(file));
    if (layer === undefined) return [`${file} is in no layer`];
    const targets = ours(file).map(({ target }) => target);
    return targets.filter((target) => !layer[1].test(target)).map((target) => `${file} → ${target} (${layer[2]})`);
  });
  assert.equal(forbidden, []);
});

/** A file and all that it loads, on demand or not. */
function reach(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  if (files.includes(file)) for (const { target } of ours(file)) reach(target, found);
  return found;
}

test('what only decides cannot make a system call, by whatever way', () => {
  const pure = sources.filter((file) => /^src\/(plan|init|final|validate|cli)\//.test(file));
  const files = pure.filter((file) => reach(file).has('bindings/koffi.ts'));
  assert.equal(files, []);
});

test('what is for tests is not used by anything else', () => {
  const used = sources.flatMap((file) =>
    importsOf(file)
      .filter(({ target }) => isTest(target))
      .map(({ target }) => `${file} → ${target}`),
  );
  assert.equal(used, []);
});

test('imports are written with their extension', () => {
  const short = sources.flatMap((file) =>
    importsOf(file)
      .filter(({ target }) => /^(src|bindings)\//.test(target) && !/\.(ts|js)$/.test(target))
      .map(({ target }) => `${file} → ${target}`),
  );
  assert.equal(short, []);
});

/** Who may load a package: the FFI in one place, what is slow to load only where it's loaded on demand. */
const PACKAGES: Record<string, RegExp> = {
  koffi: /^bindings\/koffi/,
  yargs: /^src\/cli\/help-parsers/,
  ajv: /^src\/validate\/(generate|keywords|compact)/,
  debug: /^src\/debug/,
  rollup: /^src\/gather/,
};

/** What runs when runts is built. */
const BUILD_STEPS = /^src\/(gather|huge-pages|validate\/generate|launcher\/make)\.ts$/;

// node:fs takes 1.1 ms to load, node:path 0.3: bindings/file-system.ts and bindings/stat.ts have what is needed.
test('packages are loaded in one place each, no others, and no modules of the engine (node:fs)', () => {
  const wrong = sources.flatMap((file) =>
    importsOf(file)
      .filter(({ target, isType }) => !isType && !/^(src|bindings)\//.test(target))
      .filter(({ target }) => PACKAGES[target.split('/')[0] ?? '']?.test(file) !== true)
      .filter(({ target }) => !(target.startsWith('node:') && BUILD_STEPS.test(file)))
      .map(({ target }) => `${file} → ${target}`),
  );
  assert.equal(wrong, []);
});

/** Without a twin test, and why. */
const UNTESTED: [file: RegExp, why: string][] = [
  [/^src\/bundle\/config\.ts$/, 'types, and lists of names'],
  [/^src\/final\/event\.ts$/, 'types'],
  [/^src\/plan\/(host-facts|rlimits)\.ts$/, 'types; a list of names, tested by process.test.ts'],
  [/^src\/cgroup\/driver\.ts$/, 'an interface'],
  [/^src\/gather\.ts$/, 'main.test.ts looks at what it makes'],
  [
    /^src\/launcher\/(machine|make|settings)\.ts$/,
    'types; writes the file that launcher.test.ts runs; what that prints',
  ],
  [
    /^src\/launcher\/(command-line|environment|words|container|delete|status|flow)\.ts$/,
    'code that only runs assembled: shortcuts.test.ts',
  ],
  [
    /^src\/launcher\/(exec-\w+|pid-file|file-type|supervise|executable|started|deleted-folder|descriptors|caller)\.ts$/,
    'the same: exec.test.ts, launcher.test.ts',
  ],
  [
    /^src\/(launcher\/kept-\w+|kept-engine\/(keep|make|trial|going-on|process-state))\.ts$/,
    'take their own process: conformance/integration/kept-engine.test.ts',
  ],
  [
    /^src\/state\/((brief|kept-exec|kept-engine|foreground)-layout|launcher-variables)\.ts$/,
    'numbers and names, tested by brief.test.ts, kept-exec.test.ts, image.test.ts, foreground.test.ts and hooks.test.ts',
  ],
  [
    /^src\/operate\/(run|hand-over|supervise|exec|terminal)\.ts$/,
    'take their own process: conformance/integration/run.test.ts, foreground.test.ts, exec.test.ts, terminal.test.ts',
  ],
  [
    /^src\/create\/(exec-process|keep-exec)\.ts$/,
    'need a running container: conformance/integration/exec.test.ts, exec-again.test.ts',
  ],
  [
    /^src\/cli\/(\w+-commands|command-spec|shared-options|descriptions)\.ts$/,
    'tables, tested by commands.test.ts and parse.test.ts',
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
  const conformance = readdirSync(join(repository, 'conformance'), { recursive: true, encoding: 'utf8' });
  const all = [...files, ...conformance.map((name) => `conformance/${name}`)];
  const silent = all.filter((file) => file.endsWith('.test.ts') && !/^\w+\.run\(\);$/m.test(textOf(file)));
  assert.equal(silent, []);
});

test('files stay short', () => {
  const long = sources.filter((file) => textOf(file).split('\n').length > 251);
  assert.equal(long, []);
});

/** What costs too much in a start, or starts threads. */
const COSTLY = /process\.(stdin|stdout|stderr)|fs\.promises|new Worker|Bun\.(spawn|sleepSync|\$)/;

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

test('the shell can read every shell script', () => {
  const folders = ['src', 'conformance', '.ci'];
  const names = folders.flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  );
  const scripts = names.filter((name) => name.endsWith('.sh') || name === '.ci/run');
  const faults = scripts.map((script) => {
    const [, shell = 'sh'] = /^#!(\S+)/.exec(textOf(script)) ?? [];
    const { status, stderr } = spawnSync(shell, ['-n', join(repository, script)], { encoding: 'utf8' });
    return status === 0 ? '' : `${script}: ${stderr}`;
  });
  assert.ok(scripts.length >= 2);
  assert.equal(
    faults.filter((fault) => fault !== ''),
    [],
  );
});

test.run();
