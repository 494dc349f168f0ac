import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { POLLIN, POLLOUT } from './constants.ts';
import { poll, readSome, reopenNonblocking, setNonblocking, writeSome } from './stream.ts';
import { syscall } from './syscall.ts';

const test = suite('bindings/stream');

function pipe(): [number, number] {
  const fds = new Int32Array(2);
  syscall('pipe2', undefined, new Uint8Array(fds.buffer), 0);
  return [fds[0] ?? -1, fds[1] ?? -1];
}

const TEXT = new TextEncoder().encode('text');

test('poll tells which of them have something, and waits for no -1', () => {
  const [read, write] = pipe();
  const entries = [
    { fd: read, events: POLLIN },
    { fd: write, events: POLLOUT },
    { fd: -1, events: POLLIN },
  ];
  assert.equal(poll(entries), [false, true, false]);
  writeSome(write, TEXT);
  assert.equal(poll(entries), [true, true, false]);
  closeSync(read);
  closeSync(write);
});

test('a pipe gives what is in it, then nothing, then its end', () => {
  const [read, write] = pipe();
  setNonblocking(read);
  const buffer = new Uint8Array(10);
  assert.is(readSome(read, buffer), undefined);
  assert.is(writeSome(write, TEXT), 4);
  assert.is(readSome(read, buffer), 4);
  closeSync(write);
  assert.is(readSome(read, buffer), 0);
  assert.is(readSome(-1, buffer), 0);
  closeSync(read);
});

test('a full pipe takes nothing, one that nobody reads never will', () => {
  const [read, write] = pipe();
  setNonblocking(write);
  const much = new Uint8Array(1 << 20);
  assert.ok((writeSome(write, much) ?? 0) < much.length);
  assert.is(writeSome(write, much), 0);
  process.once('SIGPIPE', () => {});
  closeSync(read);
  assert.is(writeSome(write, TEXT), undefined);
  closeSync(write);
});

test('what is opened again does not wait, and the first still would', () => {
  const [read, write] = pipe();
  const again = reopenNonblocking(write) ?? -1;
  const flagsOf = (fd: number) =>
    Number.parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8);
  assert.ok((flagsOf(again) & 0o4000) !== 0);
  assert.ok((flagsOf(write) & 0o4000) === 0);
  writeSome(again, TEXT);
  assert.is(readSome(read, new Uint8Array(10)), 4);
  for (const fd of [read, write, again]) closeSync(fd);
});

test('what cannot be opened for writing is not', () => {
  const path = `/tmp/runts-stream-${process.pid}`;
  writeFileSync(path, '', { mode: 0o600 });
  const fd = openSync(path, 'r');
  rmSync(path);
  assert.type(reopenNonblocking(fd) ?? 0, 'number');
  closeSync(fd);
  assert.is(reopenNonblocking(-1), undefined);
});

test.run();
