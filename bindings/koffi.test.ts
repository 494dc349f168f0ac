import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { koffi, libc } from './koffi.ts';

const test = suite('bindings/koffi');

test('a function of the C library can be called', () => {
  const getpid = libc.func('int getpid()');
  assert.is(getpid(), process.pid);
});

test('the errno of a failed call can be read', () => {
  const close = libc.func('int close(int fd)');
  const result = close(-1);
  const errno = koffi.errno();
  assert.equal([result, errno], [-1, 9]);
});

test('a buffer has an address, and its content is found there', () => {
  const strlen = libc.func('size_t strlen(void *text)');
  const text = new TextEncoder().encode('hello\0');
  assert.is(strlen(koffi.address(text)), 5);
});

test('a library that does not exist is an error', () => assert.throws(() => koffi.load('libnowhere.so.1')));

test.run();
