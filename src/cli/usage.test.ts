import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../errors.ts';
import { notYetError, UnknownNameError, usageError } from './usage.ts';

const test = suite('cli/usage');

test('errors of a command name it and its help', () => {
  const error = usageError('kill', 'bad');
  assert.equal([error.steps, error.reason, error.hint], [['kill'], 'bad', 'see runts kill --help']);
});

test('errors before the command point to the general help', () => {
  const error = new UnknownNameError(undefined, 'command', '');
  assert.equal([error.steps, error.reason, error.hint], [[], 'unknown command ""', 'see runts --help']);
  assert.ok(error instanceof UsageError);
});

test('what is not supported yet is named, with a reason where there is one', () => {
  const whole = notYetError('exec', {});
  assert.equal([whole.steps, whole.reason, whole.hint], [['exec'], 'not supported yet', undefined]);
  const option = notYetError(undefined, { what: '--criu', why: 'no criu' });
  assert.equal([option.steps, option.reason, option.hint], [['--criu'], 'not supported yet', 'no criu']);
});

test.run();
