import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { architecture } from '../../bindings/syscall.ts';
import { launcher } from './launcher.ts';

const test = suite('launcher/page-cache');
const MEGABYTE = 2 ** 20;
const SIZE = 40 * MEGABYTE;
// Not in a folder that is in memory anyway.
const folder = mkdtempSync(join('/var/tmp', 'runts-page-cache-'));
const file = join(folder, 'runts');
const engine = join(folder, 'lib/runts-engine');
test.after(() => rmSync(folder, { recursive: true }));

test.before(() => {
  mkdirSync(join(folder, 'lib'));
  writeFileSync(file, launcher(architecture), { mode: 0o755 });
  // What is behind `exit` isn't read by the shell.
  writeFileSync(engine, Buffer.concat([Buffer.from('#!/bin/sh\necho started\nexit 0\n'), Buffer.alloc(SIZE)]));
  chmodSync(engine, 0o755);
});

/** How many bytes of the engine are in the page cache, by fincore(1) of util-linux. */
function cached(): number {
  const { stdout, stderr } = spawnSync('fincore', ['-nb', '-o', 'RES', engine], { encoding: 'utf8' });
  assert.is(stderr, '');
  return Number(stdout);
}

// dd's way to have posix_fadvise(2), POSIX_FADV_DONTNEED, called for a whole file.
function forget(): void {
  spawnSync('sync', [engine]);
  spawnSync('dd', [`if=${engine}`, 'iflag=nocache', 'count=0', 'status=none']);
}

function start(): void {
  assert.is(spawnSync(file, { encoding: 'utf8' }).stdout, 'started\n');
}

test('an engine that is not in memory is read as a whole', () => {
  forget();
  if (cached() > MEGABYTE) return console.log(`  not run: the file system of ${folder} keeps everything in memory`);
  start();
  assert.ok(cached() >= SIZE, `${cached()} bytes`);
});

test('one that is in memory is left alone', () => {
  forget();
  if (cached() > MEGABYTE) return console.log(`  not run: the file system of ${folder} keeps everything in memory`);
  for (const skip of [0, 26])
    spawnSync('dd', [`if=${engine}`, 'of=/dev/null', 'bs=64k', `skip=${16 * skip}`, 'count=1']);
  const before = cached();
  start();
  assert.ok(cached() < SIZE / 2, `${before} bytes, and then ${cached()}`);
});

test.run();
