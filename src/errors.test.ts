import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SyscallError } from '../bindings/errno.ts';
import {
  addUndoFailure,
  ConfigError,
  errnoOf,
  RuntimeError,
  StateError,
  step,
  toRuntimeError,
  UsageError,
  undoFailuresOf,
  withStep,
} from './errors.ts';

const test = suite('errors');

function caught(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

function runtimeError(action: () => unknown): RuntimeError {
  const error = caught(action);
  if (error instanceof RuntimeError) return error;
  throw new Error(`not a RuntimeError: ${String(error)}`);
}

const fileError = caught(() => readFileSync('/nowhere/at/all'));

const lines: [name: string, error: RuntimeError, line: string][] = [
  ['a reason alone', new RuntimeError('it is late'), 'it is late'],
  [
    'steps stand in front, outermost first',
    new RuntimeError('EPERM', { steps: ['create a', 'mount'] }),
    'create a: mount: EPERM',
  ],
  ['a hint comes last', new RuntimeError('EPERM', { hint: 'be root' }), 'EPERM — be root'],
  ['line breaks never get through', new RuntimeError('a \n\n b', { steps: ['x\ny'] }), 'x; y: a; b'],
  [
    'control characters and those that turn the direction of writing are escaped',
    new RuntimeError('a\x1b[2J\x9bb\u202ec\u2028d', { steps: ['\x07'], hint: '\t' }),
    '\\u0007: a\\u001b[2J\\u009bb\\u202ec\\u2028d — \\u0009',
  ],
  ['other languages are not', new RuntimeError('/größe/名前 ☃'), '/größe/名前 ☃'],
  [
    'long values are cut',
    new RuntimeError(`open /${'x'.repeat(5000)} ENOENT`, { steps: [`mount ${'y'.repeat(255)}`] }),
    `mount ${'y'.repeat(255)}: open /${'x'.repeat(254)}… ENOENT`,
  ],
  ['long texts of short words are not', new RuntimeError('a '.repeat(500).trim()), 'a '.repeat(500).trim()],
  ['state errors', new StateError('is gone'), 'is gone'],
  ['usage errors', new UsageError('no such option'), 'no such option'],
  [
    'config errors name every problem',
    new ConfigError([
      { pointer: '/root/path', value: '"x"', rule: 'must be a folder' },
      { pointer: '/process', rule: 'is missing' },
      { pointer: '', rule: 'must be an object' },
    ]),
    'config.json: /root/path: "x" must be a folder; /process: is missing; must be an object',
  ],
];
for (const [name, error, line] of lines) test(`one line: ${name}`, () => assert.is(error.oneLine, line));

test('a link that is not followed has a hint, a mount that cannot be moved into itself has none', () => {
  const hints = ['openat2', 'open', 'move_mount'].map((call) => toRuntimeError(new SyscallError(call, 'ELOOP'))?.hint);
  assert.equal(
    hints.map((hint) => hint?.includes('symbolic link')),
    [true, true, undefined],
  );
});

test('failed undo steps are attached to any error', () => {
  for (const error of [new RuntimeError('a'), new SyscallError('open', 'EPERM'), new TypeError('a bug')]) {
    assert.equal(undoFailuresOf(error), []);
    addUndoFailure(error, 'one');
    addUndoFailure(error, 'two');
    assert.equal(undoFailuresOf(error), ['one', 'two']);
  }
});

test('a step is put in front of those that an error has already', () => {
  const nested = () =>
    step('create web1', () =>
      step('mount /proc', () => {
        throw new RuntimeError('EPERM');
      }),
    );
  const error = runtimeError(nested);
  assert.equal(error.steps, ['create web1', 'mount /proc']);
});

test('a step returns what its action returns', () =>
  assert.is(
    step('count', () => 3),
    3,
  ));

test('a failed system call becomes a runtime error with its errno', () => {
  const error = runtimeError(() =>
    step('mount /proc', () => {
      throw new SyscallError('fsmount', 1, 'proc');
    }),
  );
  assert.equal([error.oneLine, error.errno], ['mount /proc: fsmount proc EPERM', 'EPERM']);
  assert.instance(error.cause, SyscallError);
});

test('a failed call of node:fs becomes a runtime error with its errno', () => {
  const error = runtimeError(() =>
    step('read it', () => {
      throw fileError;
    }),
  );
  assert.equal([error.oneLine, error.errno], ['read it: open /nowhere/at/all ENOENT', 'ENOENT']);
});

test('an error that is one already keeps its class through a step', () => {
  assert.instance(withStep('start', new StateError('is gone')), StateError);
});

for (const bug of [new TypeError('x is not a function'), 'text', undefined]) {
  test(`a mistake of the programmer (${String(bug)}) passes a step unchanged`, () => {
    assert.is(withStep('mount', bug), bug);
    assert.is(toRuntimeError(bug), undefined);
    assert.is(errnoOf(bug), undefined);
  });
}

test('the errno is found whichever layer threw', () => {
  const errors = [new SyscallError('mount', 13), new RuntimeError('no', { errno: 'EIO' }), fileError];
  assert.equal(errors.map(errnoOf), ['EACCES', 'EIO', 'ENOENT']);
});

test('failures of undoing do not show in the line', () => {
  const error = new RuntimeError('EPERM');
  addUndoFailure(error, 'remove cgroup: EBUSY');
  assert.is(error.oneLine, 'EPERM');
});

test.run();
