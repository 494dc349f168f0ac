import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('debug');

// In a process of its own, because the debug package reads DEBUG once.
function trace(isEnabled: boolean, DEBUG?: string): string {
  const script = `const { debugSink } = await import('${import.meta.dir}/debug.ts'); debugSink(${isEnabled})('a detail');`;
  const env = { PATH: process.env.PATH ?? '', ...(DEBUG !== undefined && { DEBUG }) };
  return spawnSync(process.execPath, ['-e', script], { env, encoding: 'utf8' }).stderr;
}

const cases: [name: string, isEnabled: boolean, variable: string | undefined, isTraced: boolean][] = [
  ['--debug traces', true, undefined, true],
  ['DEBUG=runts traces', false, 'runts', true],
  ['DEBUG=* traces', false, '*', true],
  ["somebody else's DEBUG does not", false, 'express', false],
];
for (const [name, isEnabled, variable, isTraced] of cases) {
  test(name, () => assert.is(trace(isEnabled, variable).includes('runts a detail'), isTraced));
}

test.run();
