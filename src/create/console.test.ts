import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as K from '../../bindings/constants.ts';
import { receiveWithFd } from '../../bindings/files.ts';
import { listenUnix } from '../../bindings/root-suite.ts';
import { syscall } from '../../bindings/syscall.ts';
import { RuntimeError } from '../errors.ts';
import { Console } from './console.ts';

const test = suite('create/console');
const folder = mkdtempSync('/tmp/runts-console-');
test.after(() => rmSync(folder, { recursive: true }));

test('without a socket the master is kept', () => {
  const console = new Console(undefined);
  assert.is(console.masterFd, undefined);
  console.receive(77);
  assert.is(console.masterFd, 77);
});

test('with a socket it is sent with its name, and closed', () => {
  const listener = listenUnix(`${folder}/socket`, 1);
  const console = new Console(`${folder}/socket`);
  const far = syscall('accept4', undefined, listener, null, null, K.SOCK_CLOEXEC);
  const master = openSync('/dev/null', 'r');
  console.receive(master);
  assert.is(console.masterFd, undefined);
  assert.not.ok(existsSync(`/proc/self/fd/${master}`));
  const buffer = new Uint8Array(100);
  const { length, descriptor } = receiveWithFd(far, buffer);
  assert.is(new TextDecoder().decode(buffer.subarray(0, length)), '/dev/ptmx');
  assert.type(descriptor, 'number');
  for (const fd of [listener, far, descriptor ?? -1]) closeSync(fd);
});

test('a socket that nobody listens at is an error that names the option', () => {
  const isNamed = (error: unknown) =>
    error instanceof RuntimeError && /^--console-socket: connect \/none\/socket ENOENT$/.test(error.oneLine);
  assert.throws(() => new Console('/none/socket'), isNamed);
});

test('what is handed over has the size of the config', () => {
  const listener = listenUnix(`${folder}/other`, 1);
  const size = { height: 1, width: 2 };
  assert.is(new Console(`${folder}/other`).sizeOf({ size, uid: 0 }), size);
  closeSync(listener);
});

test.run();
