import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Architecture } from '../../bindings/syscalls.ts';
import { launcher } from './launcher.ts';

const test = suite('launcher');
const folder = mkdtempSync(join(tmpdir(), 'runts-launcher-'));
test.after(() => rmSync(folder, { recursive: true }));
const QEMU = '/usr/bin/qemu-aarch64-static';
// The emulator resolves links before the program can: /proc/self/exe names the file itself under both.
const ARCHITECTURES = ['x64', 'arm64'] as const;

function emulator(architecture: Architecture): string[] | undefined {
  if (process.arch === architecture) return [];
  return architecture === 'arm64' && existsSync(QEMU) ? [QEMU] : undefined;
}

/** A launcher in a folder of its own, and maybe an engine that says how it was called. */
function install(architecture: Architecture, { at, baked }: { at: string | undefined; baked?: string }): string {
  const home = mkdtempSync(join(folder, 'home-'));
  const file = join(home, 'sbin', 'runts');
  mkdirSync(join(home, 'sbin'));
  writeFileSync(file, launcher(architecture, { engine: baked && join(home, baked) }), { mode: 0o755 });
  if (at === undefined) return file;
  const engine = join(home, at);
  mkdirSync(join(engine, '..'), { recursive: true });
  writeFileSync(engine, '#!/bin/sh\necho "args: $*"\n/usr/bin/env\n');
  chmodSync(engine, 0o755);
  return file;
}

function run(architecture: Architecture, shell: string, file: string): SpawnSyncReturns<string> {
  const command = [...(emulator(architecture) ?? []), file].join(' ');
  const env = {
    PATH: '/usr/bin:/bin',
    LAUNCHER: command,
    BUN_OPTIONS: 'x',
    BUN_JSC_useJIT: '1',
    MIMALLOC_VERBOSE: '1',
    RUNTS_FDS: 'y',
    A: '',
  };
  return spawnSync('sh', ['-c', shell], { encoding: 'utf8', env });
}

for (const architecture of ARCHITECTURES) {
  const check = (name: string, body: () => void): void =>
    void test(`${architecture}: ${name}`, () => {
      if (emulator(architecture) === undefined) console.log(`  not run: there is no ${QEMU}`);
      else body();
    });

  check('a caller that ignores that its children end does not hide them from the engine', () => {
    // The emulator has signals of its own.
    if (architecture !== process.arch) return;
    const file = install(architecture, { at: 'sbin/lib/runts-engine' });
    const engine = join(file, '../lib/runts-engine');
    writeFileSync(engine, '#!/bin/sh\ngrep SigIgn /proc/self/status\n');
    const { stdout } = run(architecture, `bash -c 'trap "" CHLD USR1; exec $LAUNCHER x'`, file);
    // Bit 0 is signal 1: SIGUSR1 stays ignored, SIGCHLD doesn't. Others may be ignored by whoever runs the tests.
    const ignored = BigInt(`0x${/SigIgn:\s([\da-f]+)\n/.exec(stdout)?.[1]}`);
    assert.equal([(ignored >> 9n) & 1n, (ignored >> 16n) & 1n], [1n, 0n]);
  });

  check('passes arguments and environment on, with settings of its own', () => {
    const file = install(architecture, { at: 'sbin/lib/runts-engine' });
    const { stdout } = run(architecture, 'ulimit -Sn 333; exec $LAUNCHER one "two  three" ""', file);
    const lines = stdout.split('\n').filter((line) => !/^(PWD|LAUNCHER|OLDPWD|_|SHLVL)=/.test(line));
    assert.equal(lines.sort(), [
      '',
      'A=',
      'BUN_JSC_numberOfGCMarkers=1',
      'BUN_JSC_useConcurrentGC=0',
      'BUN_JSC_useJIT=0',
      'MIMALLOC_ALLOW_THP=1',
      'MIMALLOC_ARENA_MAX_OBJECT_SIZE=2097152',
      'MIMALLOC_ARENA_RESERVE=65536',
      'PATH=/usr/bin:/bin',
      'RUNTS_FDANY=0x0000000000000000',
      'RUNTS_FDS=0x0000000000000000',
      'RUNTS_NOFILE=0x000000000000014d',
      `RUNTS_NOKEPT=0x000000000000000${architecture === 'x64' ? 1 : 0}`,
      'RUNTS_RELEASED=0x0000000000000000',
      'args: one two  three ',
    ]);
  });

  check('stays where it is, but leaves a folder that was deleted', () => {
    const file = install(architecture, { at: 'sbin/lib/runts-engine' });
    const script = '#!/bin/sh\npwd -P\n';
    writeFileSync(join(file, '../lib/runts-engine'), script);
    const gone = join(file, '../gone');
    mkdirSync(gone);
    const shell = `cd ${gone}; $LAUNCHER; rmdir ${gone}; $LAUNCHER`;
    assert.is(run(architecture, shell, file).stdout, `${gone}\n/\n`);
  });

  check('counts the descriptors that were passed', () => {
    const file = install(architecture, { at: 'lib/runts/runts-engine' });
    const { stdout } = run(architecture, 'exec $LAUNCHER 3</dev/null 4</dev/null 6</dev/null', file);
    assert.match(stdout, 'RUNTS_FDS=0x0000000000000002');
    assert.match(stdout, 'RUNTS_FDANY=0x0000000000000001');
    // Wherever they are; with no room for as many as are looked at, nobody knows.
    for (const words of ['exec $LAUNCHER 9</dev/null', 'ulimit -n 40; exec $LAUNCHER']) {
      assert.match(run(architecture, words, file).stdout, 'RUNTS_FDANY=0x0000000000000001');
    }
  });

  check('finds an engine at a path of its own first, and otherwise beside itself', () => {
    const baked = install(architecture, { at: 'elsewhere/engine', baked: 'elsewhere/engine' });
    assert.match(run(architecture, 'exec $LAUNCHER there', baked).stdout, 'args: there');
    const moved = install(architecture, { at: 'lib/runts/runts-engine', baked: 'gone/engine' });
    assert.match(run(architecture, 'exec $LAUNCHER moved', moved).stdout, 'args: moved');
  });

  check('says that there is no engine', () => {
    const { stderr, status } = run(architecture, 'exec $LAUNCHER', install(architecture, { at: undefined }));
    assert.match(stderr, /^runts: the engine is not there: .*\n$/);
    assert.is(status, 1);
  });

  check('can be started through a link', () => {
    const file = install(architecture, { at: 'sbin/lib/runts-engine' });
    symlinkSync(file, join(folder, `link-${architecture}`));
    assert.match(
      run(architecture, 'exec $LAUNCHER linked', join(folder, `link-${architecture}`)).stdout,
      'args: linked',
    );
  });
}

test.run();
