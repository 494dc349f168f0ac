import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStrict, strictEnvironment } from './strict-mode.ts';

const test = suite('strict-mode');

const STRICT = { BUN_JSC_useJIT: '0', BUN_JSC_useConcurrentGC: '0', BUN_JSC_numberOfGCMarkers: '1' };

const environments: [name: string, environment: Record<string, string>, answer: boolean][] = [
  ['an empty environment is not strict', {}, false],
  ['the three settings make it strict', STRICT, true],
  ['other variables do not matter', { ...STRICT, PATH: '/bin', NODE_OPTIONS: '--x' }, true],
  ['a wrong value is not strict', { ...STRICT, BUN_JSC_useJIT: '1' }, false],
  ["somebody else's settings of the engine are not strict", { ...STRICT, BUN_INSPECT: '' }, false],
];
for (const [name, environment, answer] of environments) test(name, () => assert.is(isStrict(environment), answer));

test('the environment for strict mode keeps everything but foreign settings of the engine', () => {
  const environment = strictEnvironment({ PATH: '/bin', BUN_OPTIONS: '--inspect', BUN_JSC_useJIT: '1' });
  assert.equal(environment, { PATH: '/bin', ...STRICT, RUNTS_REEXECUTED: '1' });
  assert.ok(isStrict(environment));
});

const folder = mkdtempSync('/tmp/runts-strict-');
test.after(() => rmSync(folder, { recursive: true }));

// One module, as in the compiled executable: several would be read by a pool of threads.
async function bundle(name: string, body: string): Promise<string> {
  const source = `${folder}/${name}.ts`;
  writeFileSync(source, `import { ensureStrictMode } from '${import.meta.dir}/strict-mode.ts';\n${body}\n`);
  const { success } = await Bun.build({ entrypoints: [source], outdir: folder, target: 'bun' });
  assert.ok(success);
  return `${folder}/${name}.js`;
}

test('a process that is not in strict mode executes itself anew, once, with its arguments', async () => {
  const print = 'console.log(process.argv.slice(2).join(), process.env.BUN_JSC_useJIT, process.env.RUNTS_REEXECUTED);';
  const script = await bundle('print', `ensureStrictMode();\n${print}`);
  // The first name stands for the compiled executable's virtual script, the second becomes the script.
  const { stdout } = spawnSync(process.execPath, [script, script, 'state', 'web1'], { env: {}, encoding: 'utf8' });
  assert.is(stdout, 'state,web1 0 1\n');
});

test('a process that has several threads in spite of it gives up instead of trying for ever', async () => {
  const script = await bundle('threads', "new Worker('data:text/javascript,');\nensureStrictMode();");
  const env = { ...STRICT, RUNTS_REEXECUTED: '1' };
  const { stderr, status } = spawnSync(process.execPath, [script], { env, encoding: 'utf8' });
  assert.match(stderr, 'several threads in spite of strict mode');
  assert.is(status, 1);
});

test.run();
