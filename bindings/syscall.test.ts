import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AT_FDCWD } from './constants.ts';
import { SyscallError } from './errno.ts';
import { addressOf, architecture, check, cString, syscall, trySyscall, words64 } from './syscall.ts';

const test = suite('bindings/syscall');

const folder = mkdtempSync('/tmp/runts-syscall-');
test.after(() => rmSync(folder, { recursive: true }));

const isEbadf = (error: unknown) => error instanceof SyscallError && error.message === 'fchdir /x EBADF';

test('a call returns its result', () => assert.is(trySyscall('getpid'), process.pid));

test('a failed call is -errno, or an exception that names call, path and errno', () => {
  assert.is(trySyscall('fchdir', -1), -9);
  assert.throws(() => syscall('fchdir', '/x', -1), isEbadf);
  assert.throws(() => check('fchdir', -9, '/x'), isEbadf);
});

test('the errno is right however often it is asked for', () => {
  for (let i = 0; i < 1000; i++) assert.is(trySyscall('fchdir', -1), -9);
});

test('a good result is passed through by check', () => assert.is(check('getpid', 7), 7));

test('text arrives as UTF-8, ended by a NUL', () => {
  assert.equal([...cString('ä')], [0xc3, 0xa4, 0]);
  trySyscall('mkdirat', AT_FDCWD, cString(`${folder}/ä\n`), 0o755);
  assert.equal(readdirSync(folder), ['ä\n']);
});

test('text with a NUL inside is refused: the kernel would not see the rest', () => {
  assert.throws(() => cString('/etc/passwd\0.txt'), /NUL/);
});

test('words are 64 bits wide, little-endian, negative numbers as two-complements', () => {
  const bytes = words64(1, -1, 0xfedcba9876543210n, 2 ** 33);
  const words = [...new BigUint64Array(bytes.buffer)];
  assert.equal(words, [1n, 0xffffffffffffffffn, 0xfedcba9876543210n, 0x200000000n]);
});

test('the address of a part of a buffer lies within the buffer', () => {
  const text = new TextEncoder().encode('hello');
  assert.is(addressOf(text.subarray(2)) - addressOf(text), 2n);
});

// Found by a create that made hundreds of mount points: the buffer of a structure was freed before the call.
test('what an address points to stays there, though nobody else knows the buffer', () => {
  const addressOfNew = (fill: number): bigint => addressOf(new Uint8Array(512).fill(fill));
  const addresses = Array.from({ length: 10 }, (_, i) => addressOfNew(i + 1));
  Bun.gc(true);
  const others = Array.from({ length: 1000 }, () => new Uint8Array(512).buffer);
  const path = `${folder}/memory`;
  const fd = openSync(path, 'w+');
  for (const address of addresses) syscall('write', undefined, fd, address, 512);
  closeSync(fd);
  const firsts = addresses.map((_, i) => readFileSync(path)[i * 512]);
  assert.equal([firsts, others.length], [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 1000]);
});

test('the architecture is the one that runs', () => {
  assert.is(architecture, process.arch === 'arm64' ? 'arm64' : 'x64');
});

test.run();
