import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SyscallError } from '../../bindings/errno.ts';
import { RuntimeError, undoFailuresOf } from '../errors.ts';
import { UndoList } from './undo.ts';

const test = suite('create/undo');

test('what was done last is taken back first', () => {
  const done: string[] = [];
  const undo = new UndoList();
  for (const name of ['state', 'cgroup', 'process']) undo.add(name, () => done.push(name));
  undo.undo(new RuntimeError('EPERM'));
  assert.equal(done, ['process', 'cgroup', 'state']);
});

test('the error comes back as it was', () => {
  const error = new RuntimeError('EPERM', { steps: ['mount'] });
  assert.is(new UndoList().undo(error), error);
  assert.equal([error.oneLine, undoFailuresOf(error)], ['mount: EPERM', []]);
});

test('a failure is attached to the error and does not stop the rest', () => {
  const done: string[] = [];
  const undo = new UndoList();
  undo.add('remove state', () => done.push('state'));
  undo.add('remove cgroup', () => {
    throw new SyscallError('rmdir', 'EBUSY', '/cgroup');
  });
  undo.add('end process', () => {
    throw new TypeError('a bug');
  });
  const error = new RuntimeError('EPERM');
  undo.undo(error);
  assert.equal(done, ['state']);
  assert.equal(undoFailuresOf(error), ['end process: TypeError: a bug', 'remove cgroup: rmdir /cgroup EBUSY']);
  assert.is(error.oneLine, 'EPERM');
});

test('everything is taken back after a mistake of the programmer too', () => {
  const done: string[] = [];
  const undo = new UndoList();
  undo.add('state', () => done.push('state'));
  undo.add('cgroup', () => {
    throw new Error('busy');
  });
  const bug = new TypeError('a bug');
  assert.is(undo.undo(bug), bug);
  assert.equal(done, ['state']);
  assert.equal(undoFailuresOf(bug), ['cgroup: Error: busy']);
});

test('a failure after a kernel error is attached to the error that is thrown for it', () => {
  const undo = new UndoList();
  undo.add('cgroup', () => {
    throw new Error('busy');
  });
  const thrown = undo.undo(new SyscallError('open', 'EPERM', '/x'));
  assert.ok(thrown instanceof RuntimeError && thrown.oneLine === 'open /x EPERM');
  assert.equal(undoFailuresOf(thrown), ['cgroup: Error: busy']);
});

test.run();
