import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { executionError } from './execution-error.ts';

const test = suite('execution-error');

const CASES: [executable: string, errno: string, line: string][] = [
  ['nosuch', 'ENOENT', '/process/args/0: exec: "nosuch": executable file not found in $PATH (execve ENOENT)'],
  ['/nosuch', 'ENOENT', '/process/args/0: exec: "/nosuch": stat /nosuch: no such file or directory (execve ENOENT)'],
  ['/a/b', 'ENOTDIR', '/process/args/0: exec: "/a/b": stat /a/b: not a directory (execve ENOTDIR)'],
  ['/etc', 'EACCES', '/process/args/0: exec: "/etc": permission denied (execve EACCES)'],
  ['sh', 'EACCES', '/process/args/0: exec: "sh": permission denied (execve EACCES)'],
  ['/sh', 'ENOEXEC', '/process/args/0: exec: "/sh": exec format error (execve ENOEXEC)'],
  ['/sh', 'E2BIG', '/process/args/0: exec: "/sh": cannot be executed (execve E2BIG)'],
];

for (const [executable, errno, line] of CASES) {
  test(`${errno} for ${executable} has the words that managers look for`, () => {
    const error = executionError(executable, errno);
    assert.is(error.oneLine, line);
    assert.is(error.errno, errno);
  });
}

test('the look before is told apart', () => {
  assert.match(executionError('sh', 'ENOENT', 'faccessat2').oneLine, /not found in \$PATH \(faccessat2 ENOENT\)$/);
});

test.run();
