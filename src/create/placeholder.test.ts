import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from '../../bindings/file-system.ts';
import { pollReadable } from '../../bindings/files.ts';
import { wait } from '../../bindings/process.ts';
import { startPlaceholder } from './placeholder.ts';

const test = suite('create/placeholder');

test('it waits until it is told to end', () => {
  const placeholder = startPlaceholder();
  assert.is(wait(placeholder.pid, { block: false }), undefined);
  const isItself = () => /^runts-|^\d|^memfd/.test(readFileSync(`/proc/${placeholder.pid}/comm`, 'latin1'));
  for (let rest = 200; !isItself() && rest > 0; rest--) pollReadable([], 10);
  assert.ok(isItself());
  placeholder.end();
  assert.throws(() => readFileSync(`/proc/${placeholder.pid}/comm`, 'latin1'), /ENOENT/);
});

test.run();
