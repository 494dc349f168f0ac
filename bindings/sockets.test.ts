import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from './constants.ts';
import { receiveWithFd } from './files.ts';
import { listenUnix, messageOf } from './root-suite.ts';
import { connectUnix, sendWithFd } from './sockets.ts';
import { syscall } from './syscall.ts';

const test = suite('bindings/sockets');

const folder = mkdtempSync('/tmp/runts-sockets-');
test.after(() => rmSync(folder, { recursive: true }));

test('a message arrives with its descriptor, whole', () => {
  const listener = listenUnix(`${folder}/socket`, 1);
  const near = connectUnix(`${folder}/socket`, 1000);
  const far = syscall('accept4', undefined, listener, null, null, K.SOCK_CLOEXEC);
  const file = openSync('/dev/null', 'r');
  const text = 'x'.repeat(3000);
  sendWithFd(near, Buffer.from(text), file);
  closeSync(near);
  let received = '';
  const descriptors: number[] = [];
  for (;;) {
    const buffer = new Uint8Array(2000);
    const { length, descriptor } = receiveWithFd(far, buffer);
    if (length === 0) break;
    received += new TextDecoder().decode(buffer.subarray(0, length));
    if (descriptor !== undefined) descriptors.push(descriptor);
  }
  assert.is(received, text);
  assert.equal(
    descriptors.map((fd) => fstatSync(fd).rdev),
    [fstatSync(file).rdev],
  );
  for (const fd of [listener, far, file, ...descriptors]) closeSync(fd);
});

test('where nobody listens there is no connection', () => {
  assert.is(
    messageOf(() => connectUnix('/none', 1000)),
    'connect /none ENOENT',
  );
  const long = `/${'x'.repeat(107)}`;
  assert.is(
    messageOf(() => connectUnix(long, 1000)),
    `connect ${long} ENAMETOOLONG`,
  );
});

test('who does not take connections is not waited for longer than the limit', () => {
  const listener = listenUnix(`${folder}/busy`, 1);
  const fds = [connectUnix(`${folder}/busy`, 1000), connectUnix(`${folder}/busy`, 1000)];
  assert.is(
    messageOf(() => connectUnix(`${folder}/busy`, 20)),
    `connect ${folder}/busy EAGAIN`,
  );
  for (const fd of [listener, ...fds]) closeSync(fd);
});

test('nothing is sent to who has gone, and no signal comes', () => {
  const listener = listenUnix(`${folder}/gone`, 1);
  const near = connectUnix(`${folder}/gone`, 1000);
  closeSync(syscall('accept4', undefined, listener, null, null, 0));
  assert.is(
    messageOf(() => sendWithFd(near, Uint8Array.of(1), near)),
    'sendmsg EPIPE',
  );
  assert.is(
    messageOf(() => sendWithFd(near, Uint8Array.of(1), -1)),
    'sendmsg EBADF',
  );
  for (const fd of [listener, near]) closeSync(fd);
});

test.run();
