import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SyscallError } from '../../bindings/errno.ts';
import { rootTest } from '../../bindings/root-suite.ts';
import { makeAs, ROOT } from './as-owner.ts';

const test = suite('create/as-owner');

/** The file system ids, proc_pid_status(5): the last of four. */
function fileIds(): (string | undefined)[] {
  const status = readFileSync('/proc/self/status', 'latin1');
  return [/^Uid:.*\t(\d+)$/m.exec(status)?.[1], /^Gid:.*\t(\d+)$/m.exec(status)?.[1]];
}

const refuse = (errno: string): never => {
  throw new SyscallError('mkdirat', errno);
};

test('what works is done once', () => {
  let count = 0;
  assert.is(
    makeAs({ uid: 5, gid: 6 }, () => ++count),
    1,
  );
});

rootTest(test, 'what the file system has no id for is done as the owner, and only that', () => {
  const ids: unknown[] = [];
  makeAs({ uid: 5, gid: 6 }, () => {
    ids.push(fileIds());
    if (ids.length === 1) refuse('EOVERFLOW');
  });
  assert.equal(ids, [
    ['0', '0'],
    ['5', '6'],
  ]);
  assert.equal(fileIds(), ['0', '0']);
});

rootTest(test, "a second failure is the caller's, and the ids are back", () => {
  assert.throws(() => makeAs({ uid: 5, gid: 6 }, () => refuse('EOVERFLOW')), /EOVERFLOW/);
  assert.equal(fileIds(), ['0', '0']);
});

test("other failures, and those of the host's root, are not tried again", () => {
  let count = 0;
  const counting = (errno: string) => () => {
    count++;
    refuse(errno);
  };
  assert.throws(() => makeAs({ uid: 5, gid: 6 }, counting('EACCES')));
  assert.throws(() => makeAs(ROOT, counting('EOVERFLOW')));
  assert.is(count, 2);
});

test.run();
