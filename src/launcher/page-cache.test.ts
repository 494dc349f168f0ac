import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { architecture, trySyscall } from '../../bindings/syscall.ts';
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

const PAGE = 4096;
const [PROT_READ, MAP_PRIVATE] = [1, 2];

/** How many pages of the engine are in the page cache, mincore(2). */
function cached(): number {
  const fd = openSync(engine, 'r');
  const memory = trySyscall('mmap', 0, SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
  const pages = new Uint8Array(SIZE / PAGE);
  assert.is(trySyscall('mincore', memory, SIZE, pages), 0);
  trySyscall('munmap', memory, SIZE);
  closeSync(fd);
  return pages.filter((page) => (page & 1) === 1).length;
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
  if (cached() > 0) return console.log(`  not run: the file system of ${folder} keeps everything in memory`);
  start();
  assert.is(cached(), SIZE / PAGE);
});

test('one that is in memory is left alone', () => {
  forget();
  if (cached() > 0) return console.log(`  not run: the file system of ${folder} keeps everything in memory`);
  for (const skip of [0, 26])
    spawnSync('dd', [`if=${engine}`, 'of=/dev/null', 'bs=64k', `skip=${16 * skip}`, 'count=1']);
  const before = cached();
  start();
  assert.ok(cached() < SIZE / PAGE / 2, `${before}, and then ${cached()} pages`);
});

test('a FIFO in the place of the engine is not waited for', () => {
  const other = mkdtempSync(join(folder, 'fifo-'));
  mkdirSync(join(other, 'lib'));
  writeFileSync(join(other, 'runts'), launcher(architecture), { mode: 0o755 });
  spawnSync('mkfifo', [join(other, 'lib/runts-engine')]);
  const { status, stderr } = spawnSync(join(other, 'runts'), { encoding: 'utf8', timeout: 5000 });
  assert.is(status, 1);
  assert.match(stderr, /^runts: the engine is not there/);
});

test.run();
