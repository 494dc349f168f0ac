import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RuntimeError } from '../errors.ts';
import { loadProcess } from './process.ts';

const test = suite('bundle/process');
const folder = mkdtempSync('/tmp/runts-process-');
test.after(() => rmSync(folder, { recursive: true }));

function file(name: string, value: unknown): string {
  writeFileSync(`${folder}/${name}`, JSON.stringify(value));
  return `${folder}/${name}`;
}

function refuses(action: () => unknown, message: RegExp): void {
  assert.throws(action, (error: unknown) => error instanceof RuntimeError && message.test(error.oneLine));
}

const PROCESS = { args: ['ls'], cwd: '/' };

test('a file with a process is read', () => {
  const path = file('good.json', PROCESS);
  const { process, content } = loadProcess(path);
  assert.equal(process, PROCESS);
  assert.equal(Buffer.from(content), readFileSync(path));
});

test('mistakes are told with their place in the file', () => {
  refuses(() => loadProcess(file('bad.json', { ...PROCESS, cwd: 5 })), /^process: \/cwd/);
  refuses(() => loadProcess(`${folder}/none.json`), /none.json does not exist/);
});

test('a FIFO is refused instead of waited for', () => {
  spawnSync('mkfifo', [`${folder}/fifo`]);
  refuses(() => loadProcess(`${folder}/fifo`), /is not a regular file/);
});

test.run();
