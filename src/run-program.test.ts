import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RuntimeError } from './errors.ts';
import { runProgram } from './run-program.ts';

const test = suite('run-program');

const PATH = '/nowhere:/usr/bin:/bin';

test('both outputs and the exit status come back', () => {
  const ended = runProgram('sh', ['-c', 'echo "$A $0"; echo oops >&2; cat; exit 7', 'name'], { PATH, A: 'x y' });
  assert.equal(ended, { code: 7, stdout: 'x y name\n', stderr: 'oops\n' });
});

test('long output is complete', () => {
  const { stdout } = runProgram('seq', ['100000'], { PATH });
  assert.is(stdout.length, 588_895);
});

test('a program that is killed has the status of a shell', () => {
  assert.is(runProgram('sh', ['-c', 'kill -9 $$'], { PATH }).code, 137);
});

test('SIGPIPE ends programs, as it does for the caller', () => {
  assert.is(runProgram('sh', ['-c', 'yes | true; kill -PIPE $$'], { PATH }).code, 128 + 13);
});

test('a program that is not there is named', () => {
  const namesIt = (error: unknown) => error instanceof RuntimeError && /runts-none is not inst/.test(error.oneLine);
  assert.throws(() => runProgram('runts-none', [], { PATH }), namesIt);
});

test('what cannot be executed is named with its errno', () => {
  const folder = mkdtempSync('/tmp/runts-program-');
  writeFileSync(`${folder}/x`, '');
  chmodSync(`${folder}/x`, 0o644);
  const namesIt = (error: unknown) => error instanceof RuntimeError && error.errno === 'EACCES';
  assert.throws(() => runProgram(`${folder}/x`, [], {}), namesIt);
  rmSync(folder, { recursive: true });
});

test.run();
