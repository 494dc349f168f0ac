import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SyscallError } from './errno.ts';

const test = suite('bindings/errno');

test('a failed call is told with what it was about and the name of its errno', () => {
  const error = new SyscallError('openat2', 2, '/etc/passwd');
  assert.is(error.message, 'openat2 /etc/passwd ENOENT');
  assert.equal(
    [error.name, error.syscall, error.errno, error.path],
    ['SyscallError', 'openat2', 'ENOENT', '/etc/passwd'],
  );
});

test('a call that is about nothing in particular has no path', () => {
  assert.is(new SyscallError('setsid', 1).message, 'setsid EPERM');
});

test('an errno may be given by its name', () => assert.is(new SyscallError('openat2', 'ELOOP', 'a').errno, 'ELOOP'));

test.run();
