// The program without what the engine leaves it; with all of that: conformance/integration/foreground.test.ts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { foreground } from './foreground.ts';

const test = suite('launcher/foreground');
const folder = mkdtempSync(join(tmpdir(), 'runts-foreground-'));
test.after(() => rmSync(folder, { recursive: true }));
const QEMU = '/usr/bin/qemu-aarch64-static';

for (const architecture of ['x64', 'arm64'] as const) {
  const file = join(folder, `runts-foreground-${architecture}`);
  writeFileSync(file, foreground(architecture), { mode: 0o755 });

  // Started by the shell: its environment is whatever comes first.
  const run = (environment: string): { status: number | null; output: string } => {
    const words = process.arch === architecture ? [file] : [QEMU, file];
    const script = `exec env -i ${environment} "$@" x 3</dev/null 4</dev/null`;
    const { status, stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', ...words], { encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };

  test(`${architecture}: what isn't as expected is the engine's business`, () => {
    if (process.arch !== architecture && !existsSync(QEMU)) {
      console.log(`  not run: there is no ${QEMU}`);
      return;
    }
    // The emulator turns the environment around.
    const engines = ['engine1=x', 'engine2=x'].map((name) => join(folder, name));
    for (const engine of engines) {
      writeFileSync(engine, '#!/bin/sh\necho "$# $1 $RUNTS_RESUME $A"\n', { mode: 0o755 });
    }
    const environment = `${engines[0]} 12= /folder=1 A=5 /folder2=1 13= ${engines[1]}`;
    assert.is(run(environment).output, '1 x 0x0000000000000003 5\n');
  });

  test(`${architecture}: without an engine it says so`, () => {
    if (process.arch !== architecture && !existsSync(QEMU)) return;
    const { status, output } = run('/none=1 1= /folder=1');
    assert.is(status, 1);
    assert.match(output, /^runts: run: the engine cannot be executed any more; /);
    for (const short of ['', '/none=1', '/none=1 1=']) {
      assert.equal(run(short), { status: 1, output: 'runts-foreground is started by runts alone\n' });
    }
  });
}

test.run();
